import { existsSync, readFileSync, statSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, join, relative, sep } from "node:path";

/** File of a finished folder that lists what it holds, with sizes: a library cut short would otherwise crash the process that maps it. */
export const contentsName = "contents.json";
// After this long a folder of another machine (a shared home) counts as abandoned too.
const foreignPatienceMs = 24 * 3600_000;

/**
 * Fills a new folder beside `target`, then gives it that name, in place of what was there. Until then nothing under that name
 * has changed.
 */
export async function fillInPlace(target: string, fill: (folder: string) => Promise<void>): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  const folder = await mkdtemp(`${target}.building-${hostname()}-${process.pid}-`);
  try {
    await fill(folder);
    await listContents(folder);
    await rm(target, { recursive: true, force: true });
    await rename(folder, target);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** Writes down what a folder holds, for {@link isWhole}. */
export async function listContents(folder: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const sizes: Record<string, number> = {};
  for (const path of paths.toSorted()) sizes[relative(folder, path).replaceAll(sep, "/")] = (await stat(path)).size;
  await writeFile(join(folder, contentsName), JSON.stringify(sizes));
}

/**
 * Whether a folder is there with everything it was made with, by names and sizes.
 *
 * @param which - the files to look at; default all
 */
export function isWhole(folder: string, which: RegExp = /./): boolean {
  const list = join(folder, contentsName);
  if (!existsSync(list)) return false;
  try {
    const sizes = Object.entries(JSON.parse(readFileSync(list, "utf8")) as Record<string, number>);
    return sizes.length > 0 && sizes.filter(([path]) => which.test(path)).every(([path, size]) => statSync(join(folder, path)).size === size);
  } catch {
    // A list that does not parse, or a file that is gone.
    return false;
  }
}

/** Removes what builds that were killed left in the folder `parent`. */
export async function removeAbandoned(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const [, host, pid] = /\.building-(.*)-(\d+)-[^-]*$/.exec(name) ?? [];
    if (host === undefined) continue;
    const path = join(parent, name);
    if (host === hostname() ? !isAlive(Number(pid)) : (await ageMs(path)) > foreignPatienceMs) await rm(path, { recursive: true, force: true });
  }
}

async function ageMs(path: string): Promise<number> {
  try {
    return Date.now() - (await stat(path)).mtimeMs;
  } catch {
    // Finished in this very moment.
    return 0;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
