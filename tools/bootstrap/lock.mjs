// One process at a time, across processes: a lock file with its owner inside, kept fresh while the owner lives.
import { randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname } from "node:path";

const HEARTBEAT_MS = 5_000;
const ABANDONED_AFTER_MS = 120_000;
const POLL_MS = 200;

/** Runs `work` while holding the lock `file`; waits for another holder, takes over from a dead one.
 *  @template Result
 *  @param {string} file
 *  @param {() => Promise<Result>} work
 *  @param {(owner: string) => void} onWait called once if somebody else holds the lock for long
 *  @param {number} patience milliseconds before that
 *  @returns {Promise<Result>} */
export async function withLock(file, work, onWait = () => {}, patience = 1_000) {
  mkdirSync(dirname(file), { recursive: true });
  const started = Date.now();
  let said = false;
  while (!tryAcquire(file)) {
    if (removeIfAbandoned(file)) continue;
    if (!said && Date.now() - started >= patience) {
      onWait(ownerOf(file));
      said = true;
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  const heartbeat = setInterval(() => touch(file), HEARTBEAT_MS);
  const release = () => rmSync(file, { force: true });
  process.once("exit", release);
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    process.removeListener("exit", release);
    release();
  }
}

function tryAcquire(file) {
  try {
    writeFileSync(file, JSON.stringify({ pid: process.pid, host: hostname(), token: randomUUID() }), { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  }
}

function touch(file) {
  try {
    utimesSync(file, new Date(), new Date());
  } catch {
    // Somebody removed the lock by hand; the work itself goes on.
  }
}

function readText(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return ""; // just released
  }
}

function parseOwner(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // just being written
  }
}

function ownerOf(file) {
  const owner = parseOwner(readText(file));
  return owner ? `process ${owner.pid} on ${owner.host}` : "another process";
}

function removeIfAbandoned(file) {
  let age;
  try {
    age = Date.now() - statSync(file).mtimeMs;
  } catch {
    return true; // released in the meantime
  }
  const judged = readText(file);
  const owner = parseOwner(judged);
  const dead = owner?.host === hostname() && !isAlive(owner.pid);
  if (!dead && age < ABANDONED_AFTER_MS) return false;
  // Two processes may judge the same lock abandoned, and the slower one would remove the lock that the faster one has
  // taken since. So it is moved aside, compared, and put back when it is not the one that was judged.
  const aside = `${file}.abandoned-${process.pid}`;
  try {
    renameSync(file, aside);
    if (readText(aside) === judged) rmSync(aside, { force: true });
    else renameSync(aside, file);
  } catch {
    return true;
  }
  return true;
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM"; // it lives, and belongs to somebody else
  }
}
