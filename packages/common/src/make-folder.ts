import { mkdirSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { safeStat } from "./system-error.ts";

/**
 * Makes a folder, and those above it that are missing. One that is there is left as it is.
 *
 * Node's own `recursive` never comes back where the system answers "no such file" although the folder above is there,
 * as `/proc` does and network file systems may.
 *
 * @throws Error of the operating system, with the folder that could not be made as its `path`
 */
export function makeFolder(path: string): void {
  const folder = resolve(path);
  if (safeStat(folder)?.isDirectory() === true) return;
  const above = dirname(folder);
  if (above !== folder) makeFolder(above);
  try {
    mkdirSync(folder);
  } catch (error) {
    // Another program may have made it meanwhile.
    if (safeStat(folder)?.isDirectory() !== true) throw error;
  }
}
