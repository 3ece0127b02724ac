import { accessSync, constants, mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** Where detrkit keeps what it fetched or built for this user. The same rule as @detrkit/backend's, which can't be imported
 *  from here: nothing is installed yet.
 *  @param {Readonly<Record<string, string | undefined>>} environment
 *  @param {string} home */
export function cacheFolder(environment = process.env, home = homedir()) {
  return environment.DETRKIT_CACHE ?? join(environment.XDG_CACHE_HOME ?? join(home, ".cache"), "detrkit");
}

/** The cache folder if it can be written, else one inside the clone: a read-only home must not stop the set-up.
 *  @param {string} preferred @param {string} fallback */
export function writableFolder(preferred, fallback) {
  for (const folder of [preferred, fallback]) {
    try {
      mkdirSync(folder, { recursive: true });
      accessSync(folder, constants.W_OK);
      return folder;
    } catch {
      // The next candidate is tried; when none is left the last error is the one worth showing.
      if (folder === fallback) throw new Error(`neither ${preferred} nor ${fallback} can be written: set DETRKIT_CACHE to a folder that can`);
    }
  }
  return fallback;
}
