import { mkdir, open, readFile, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const pollMs = 500;
// A lock without a readable owner is being written; after this long its owner died in between.
const graceMs = 10_000;

/**
 * Runs `work` while no other process on this machine does, by a lock file that holds the owner's process id. A lock whose
 * owner is gone is taken over.
 *
 * @param waiting - told once, when somebody else has the lock
 */
export async function exclusively<Result>(lock: string, waiting: () => void, work: () => Promise<Result>): Promise<Result> {
  await mkdir(dirname(lock), { recursive: true });
  for (let told = false; !(await take(lock)); told = true) {
    if (!told) waiting();
    await sleep(pollMs);
  }
  try {
    return await work();
  } finally {
    await rm(lock, { force: true });
  }
}

async function take(lock: string): Promise<boolean> {
  try {
    const file = await open(lock, "wx");
    await file.writeFile(String(process.pid));
    await file.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    if (await isAbandoned(lock)) await rm(lock, { force: true });
    return false;
  }
}

async function isAbandoned(lock: string): Promise<boolean> {
  try {
    const owner = Number(await readFile(lock, "utf8"));
    if (owner > 0) return !isAlive(owner);
    return Date.now() - (await stat(lock)).mtimeMs > graceMs;
  } catch {
    // Released in this very moment.
    return false;
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
