import { randomUUID } from "node:crypto";
import { existsSync, readFileSync, renameSync, rmdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigError, StorageError } from "@detrkit/common";
import { describeSystemError, makeFolder } from "@detrkit/common/files";
import { isRunning, ownIdentity, type ProcessIdentity } from "./process-identity.ts";
import { lockName } from "./run-files.ts";

/** Who trains a run. */
interface Holder extends ProcessIdentity {
  readonly since: string;
  /** Tells two locks of one process apart. */
  readonly token: string;
}

const signOfLifeMs = 15_000;
/** A process elsewhere that gave no sign of life for so long is gone. Longer than any step takes. */
const patienceMs = 300_000;
/** A lock is written in one go: what is empty for longer than this, a killed process left. */
const writingMs = 10_000;

/**
 * A run folder that this process trains in, and no other. A killed process leaves its lock behind, but it counts no
 * more: the lock says which process holds it, and that is looked up. Of a process on another machine, or in another
 * container, nothing can be looked up: it counts while it gives signs of life.
 *
 * Whoever finds it taken is told so and ends: another run is no reason to wait. The set-up's lock
 * (`tools/bootstrap/lock.mjs`) is another one, which waits; it works before anything is installed.
 */
export class RunLock {
  readonly #file: string;
  readonly #root: string;
  readonly #text: string;
  readonly #made: boolean;
  readonly #signsOfLife: NodeJS.Timeout;
  readonly #release = (): void => this.release();

  private constructor(root: string, file: string, text: string, made: boolean) {
    this.#root = root;
    this.#file = file;
    this.#text = text;
    this.#made = made;
    this.#signsOfLife = setInterval(() => this.#giveSign(), signOfLifeMs).unref();
    process.once("exit", this.#release);
  }

  /**
   * Takes a run folder, which is made where it is missing.
   *
   * @throws ConfigError saying who trains in it
   */
  static take(root: string): RunLock {
    const file = join(root, lockName);
    const holder: Holder = { ...ownIdentity(), since: new Date().toISOString(), token: randomUUID() };
    const text = JSON.stringify(holder);
    const made = !existsSync(root);
    // A lock may go, and another come, between two looks.
    for (let attempt = 0; attempt < 20; attempt++) {
      if (written(root, file, text)) return new RunLock(root, file, text, made);
      const [found, age] = look(file);
      if (found === undefined) continue;
      const other = holderOf(found);
      if (!isAbandoned(other, age)) throw new ConfigError(heldText(root, file, other, age));
      removeIfStill(file, found);
    }
    throw new ConfigError(`${root}: ${file} comes and goes; are several programs started in this folder?`);
  }

  /**
   * To be called before the run's files are replaced.
   *
   * @throws ConfigError where another process has taken the folder, which took this one for dead
   */
  expectHeld(): void {
    const [found] = look(this.#file);
    // Somebody removed the file, and nobody trains in the folder.
    if (found === this.#text || (found === undefined && written(this.#root, this.#file, this.#text))) return;
    throw new ConfigError(
      `${this.#root} was taken over by ${describe(holderOf(found ?? ""))}, since this process gave no sign of life; ` +
        "it ends here and changes nothing",
    );
  }

  /** Gives the folder back; one that was made for it, and in which nothing was written, is removed. */
  release(): void {
    clearInterval(this.#signsOfLife);
    process.removeListener("exit", this.#release);
    if (look(this.#file)[0] !== this.#text) return;
    rmSync(this.#file, { force: true });
    if (!this.#made) return;
    try {
      rmdirSync(this.#root);
    } catch {
      // It holds a run.
    }
  }

  #giveSign(): void {
    try {
      utimesSync(this.#file, new Date(), new Date());
    } catch {
      // Removed by somebody; expectHeld writes it again.
    }
  }
}

/** @returns false where the lock is there already */
function written(root: string, file: string, text: string): boolean {
  try {
    makeFolder(root);
  } catch (error) {
    throw notLocked(file, error);
  }
  try {
    writeFileSync(file, text, { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw notLocked(file, error);
  }
}

function notLocked(file: string, cause: unknown): StorageError {
  const reason = describeSystemError(cause)?.text ?? `${file} could not be written (${String(cause)})`;
  return new StorageError(`${reason}. A run needs a folder that it may write to`, { cause });
}

/** What a lock says, and how many milliseconds ago it was last touched. */
function look(file: string): readonly [text: string | undefined, age: number] {
  try {
    return [readFileSync(file, "utf8"), Date.now() - statSync(file).mtimeMs];
  } catch {
    return [undefined, 0];
  }
}

function holderOf(text: string): Holder | undefined {
  try {
    const value = JSON.parse(text) as Partial<Holder> | null;
    return typeof value?.pid === "number" && typeof value.host === "string" ? (value as Holder) : undefined;
  } catch {
    return undefined;
  }
}

function isAbandoned(holder: Holder | undefined, age: number): boolean {
  if (holder === undefined) return age > writingMs;
  return !(isRunning(holder) ?? age < patienceMs);
}

/**
 * Two processes may find the same lock abandoned, and the slower one would remove what the faster one has written
 * since. So it is moved aside, compared, and put back where it is not the one that was looked at.
 */
function removeIfStill(file: string, text: string): void {
  const aside = `${file}.${process.pid}-${randomUUID()}`;
  try {
    renameSync(file, aside);
    if (readFileSync(aside, "utf8") === text) rmSync(aside, { force: true });
    else renameSync(aside, file);
  } catch {
    // The other one was faster.
  }
}

function describe(holder: Holder | undefined): string {
  if (holder === undefined) return "another process";
  return `process ${holder.pid} on ${holder.host}, since ${holder.since.slice(0, 19).replace("T", " ")} UTC`;
}

function heldText(root: string, file: string, holder: Holder | undefined, age: number): string {
  const who = `${root} is being trained by ${describe(holder)}`;
  if (holder === undefined || isRunning(holder) === true)
    return `${who}: wait until it ends${holder === undefined ? "" : `, or stop it (kill ${holder.pid})`}`;
  const [ago, left] = [Math.max(0, age), patienceMs - age].map((time) => Math.ceil(time / 1000));
  return (
    `${who}, which last gave a sign of life ${ago} s ago: wait, or stop it there. ` +
    `Without a further sign the folder is free in ${left} s; if you know that it is gone, remove ${file}`
  );
}
