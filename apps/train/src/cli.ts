#!/usr/bin/env node
import { main } from "./cli/main.ts";

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  // Whoever reads this (`| head`) has had enough: no error, and nothing more to do.
  process.exit();
});
process.exitCode = await main(process.argv.slice(2), { stdout: process.stdout, stderr: process.stderr });
