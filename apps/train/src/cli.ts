#!/usr/bin/env node
import { nameFile } from "@detrkit/common/files";
import { failure, main } from "./cli/main.ts";
import { endWithParent } from "./cli/orphaned.ts";

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // Whoever reads this (`| head`) has had enough: no error, and nothing more to do.
  if (error.code === "EPIPE" || error.code === "EIO") process.exit();
  // A full disk behind `> FILE`, mostly.
  const { text, code } = failure(nameFile(error, "standard output"));
  process.stderr.write(`detrkit: ${text}\n`);
  process.exit(code);
});
process.stderr.on("error", (error: NodeJS.ErrnoException) => {
  // A terminal that was closed, or `2>&1 | tee log` whose tee the same Ctrl-C has ended: nobody reads what is said, but
  // the run has still to be saved.
  if (error.code !== "EPIPE" && error.code !== "EIO") throw error;
});
endWithParent();
process.exitCode = await main(process.argv.slice(2), { stdout: process.stdout, stderr: process.stderr });
