import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { SetupError } from "./progress.mjs";

/** Where detrkit keeps what it fetched or built for this user. The same rule as @detrkit/native's, which can't be
 *  imported here: nothing is installed yet.
 *  @param {Readonly<Record<string, string | undefined>>} environment
 *  @param {string} home */
export function cacheFolder(environment = process.env, home = homedir()) {
  return environment.DETRKIT_CACHE ?? join(environment.XDG_CACHE_HOME ?? join(home, ".cache"), "detrkit");
}

/** The cache folder if programs can be put there and run, else one inside the clone: a read-only or noexec home must
 *  not stop the set-up.
 *  @param {string} preferred @param {string} fallback @param {(line: string) => void} say */
export function usableFolder(preferred, fallback, say) {
  const problem = folderProblem(preferred);
  if (problem === undefined) return preferred;
  const second = folderProblem(fallback);
  if (second !== undefined) {
    throw new SetupError(
      `${problem}; ${second}: set DETRKIT_CACHE to a folder that programs can be written to and run from`,
    );
  }
  say(`${problem}: taking ${fallback}`);
  return fallback;
}

function folderProblem(folder) {
  const program = join(folder, `.can-run-${process.pid}`);
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(program, "#!/bin/sh\nexit 0\n");
  } catch (error) {
    return `${folder} can't be written (${error.code})`;
  }
  try {
    if (process.platform === "win32") return undefined;
    chmodSync(program, 0o700);
    const { error } = spawnSync(program);
    return error === undefined ? undefined : `nothing can be run from ${folder} (${error.code})`;
  } finally {
    rmSync(program, { force: true });
  }
}
