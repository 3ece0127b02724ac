import { createHash } from "node:crypto";
import { createReadStream, readFileSync, statSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, join, relative, sep } from "node:path";
import { pipeline } from "node:stream/promises";
import { writeFileAtomic } from "@detrkit/common/files";

/** File of a finished folder that lists its content: a truncated library would crash the process that maps it. */
export const contentsName = "contents.json";
// After this time a folder of another machine (a shared home) counts as abandoned too.
const foreignPatienceMs = 24 * 3600_000;

/** A file when it was made. */
interface Entry {
  readonly size: number;
  readonly modifiedMs: number;
  readonly sha256: string;
}

/**
 * Fills a temporary folder beside `target`, then renames it to `target` in place of what was there. Until then `target`
 * does not change. If another machine has completed it meanwhile (a shared cache), that one stays, because it may be in
 * use.
 */
export async function fillInPlace(target: string, fill: (folder: string) => Promise<void>): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  const asked = Date.now();
  const folder = await mkdtemp(`${target}.building-${hostname()}-${process.pid}-`);
  try {
    await fill(folder);
    await listContents(folder);
    if (madeAt(target) < asked || !(await isUndamaged(target))) {
      await rm(target, { recursive: true, force: true });
      await rename(folder, target).catch(async (error: unknown) => {
        if (!(await isUndamaged(target))) throw error;
      });
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** When a folder was made, in milliseconds; 0 if it is missing or not finished. */
export function madeAt(folder: string): number {
  return statSync(join(folder, contentsName), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** Lists a folder's content in a file, for {@link isWhole} and {@link isUndamaged}. */
async function listContents(folder: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const contents: Record<string, Entry> = {};
  for (const path of paths.toSorted()) {
    const { size, mtimeMs } = await stat(path);
    contents[relative(folder, path).replaceAll(sep, "/")] = { size, modifiedMs: mtimeMs, sha256: await checksum(path) };
  }
  await writeFile(join(folder, contentsName), JSON.stringify(contents));
}

async function checksum(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path, { highWaterMark: 2 ** 20 }), hash);
  return hash.digest("hex");
}

function readContents(folder: string): readonly (readonly [path: string, entry: Entry])[] {
  try {
    return Object.entries(JSON.parse(readFileSync(join(folder, contentsName), "utf8")) as Record<string, Entry>);
  } catch {
    // None, or a list that does not parse.
    return [];
  }
}

/**
 * Whether a folder exists and has all its files, by name and size; this takes microseconds.
 *
 * @param which - the files to check; default all
 */
export function isWhole(folder: string, which: RegExp = /./): boolean {
  const contents = readContents(folder);
  return (
    contents.length > 0 &&
    contents.every(([path, { size }]) => !which.test(path) || sizeOf(join(folder, path)) === size)
  );
}

function sizeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.size;
}

/**
 * Whether a folder still holds the bytes it was made with. Files that were not written to since are trusted; others
 * (damaged, or copied from another machine) are read once, and if they are good not again.
 *
 * @param which - the files to check; default all
 */
export async function isUndamaged(folder: string, which: RegExp = /./): Promise<boolean> {
  if (!isWhole(folder, which)) return false;
  const contents = readContents(folder);
  const touched = contents.filter(
    ([path, { modifiedMs }]) => which.test(path) && statSync(join(folder, path)).mtimeMs !== modifiedMs,
  );
  if (touched.length === 0) return true;
  const now: Record<string, Entry> = Object.fromEntries(contents);
  for (const [path, entry] of touched) {
    if ((await checksum(join(folder, path))) !== entry.sha256) return false;
    now[path] = { ...entry, modifiedMs: statSync(join(folder, path)).mtimeMs };
  }
  // A cache that can't be written is read again every time.
  await writeFileAtomic(join(folder, contentsName), JSON.stringify(now)).catch(() => {});
  return true;
}

/** Removes what killed builds left in the folder `parent`. */
export async function removeAbandoned(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const [, host, pid] = /\.building-(.*)-(\d+)-[^-]*$/.exec(name) ?? [];
    if (host === undefined) continue;
    const path = join(parent, name);
    if (host === hostname() ? !isAlive(Number(pid)) : (await ageMs(path)) > foreignPatienceMs)
      await rm(path, { recursive: true, force: true });
  }
}

async function ageMs(path: string): Promise<number> {
  try {
    return Date.now() - (await stat(path)).mtimeMs;
  } catch {
    // It was finished and renamed just now.
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
