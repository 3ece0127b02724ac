#!/usr/bin/env node
import { nameFile } from "@detrkit/common/files";
import { failure, main } from "./cli/main.ts";

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // Whoever reads this (`| head`) has had enough: no error, and nothing more to do.
  if (error.code === "EPIPE") process.exit();
  // A full disk behind `> FILE`, mostly.
  const { text, code } = failure(nameFile(error, "standard output"));
  process.stderr.write(`detrkit: ${text}\n`);
  process.exit(code);
});
process.exitCode = await main(process.argv.slice(2), { stdout: process.stdout, stderr: process.stderr });
