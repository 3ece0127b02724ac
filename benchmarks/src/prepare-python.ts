// Makes the Python environment of the peers, for tests that run where there is one.
import { join, resolve } from "node:path";
import { cacheFolder, usableFolder } from "../../tools/bootstrap/cache-folder.mjs";
import { pythonEnvironment, SetupProblem } from "./python-environment.ts";

const say = (line: string): void => void process.stderr.write(`${line}\n`);
const root = resolve(import.meta.dirname, "../..");
try {
  say(await pythonEnvironment(usableFolder(cacheFolder(), join(root, ".cache", "detrkit"), say), say));
} catch (error) {
  if (!(error instanceof SetupProblem)) throw error;
  say(error.message);
  process.exitCode = 2;
}
