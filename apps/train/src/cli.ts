#!/usr/bin/env node
import { main } from "./cli/main.ts";
import { endWithParent } from "./cli/orphaned.ts";

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE" && error.code !== "EIO") throw error;
  // Whoever reads this (`| head`) has had enough: no error, and nothing more to do.
  process.exit();
});
process.stderr.on("error", (error: NodeJS.ErrnoException) => {
  // A terminal that was closed, or `2>&1 | tee log` whose tee the same Ctrl-C has ended: nobody reads what is said, but
  // the run has still to be saved.
  if (error.code !== "EPIPE" && error.code !== "EIO") throw error;
});
endWithParent();
process.exitCode = await main(process.argv.slice(2), { stdout: process.stdout, stderr: process.stderr });
