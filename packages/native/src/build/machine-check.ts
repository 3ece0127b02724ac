import { execFile } from "node:child_process";
import { chmod, mkdir, rm, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { BackendError } from "@detrkit/common";
import { instructionSets } from "./native-cache.ts";

/** The properties of a machine that decide whether TensorFlow's library can run on it. */
export interface Machine {
  readonly architecture: string;
  /** As {@link instructionSets} returns them; empty if the system does not tell. */
  readonly instructionSets: readonly string[];
  /** Version of glibc that Node runs with; undefined if it is another C library (musl). */
  readonly glibc: string | undefined;
}

const oldestGlibc = "2.27";

/**
 * Why TensorFlow's library would end the process on this machine, or undefined. It is cheap enough to be checked before
 * each start, because another machine may have filled the cache.
 */
export function processorProblem({
  architecture,
  instructionSets: sets,
}: Pick<Machine, "architecture" | "instructionSets">): string | undefined {
  if (architecture !== "x64" || sets.length === 0 || sets.includes("avx")) return undefined;
  return "this processor has no AVX, which TensorFlow's library is compiled for";
}

/** Why TensorFlow's library can't be used with this C library, or undefined. */
export function libraryProblem({ glibc }: Pick<Machine, "glibc">): string | undefined {
  if (glibc === undefined)
    return "TensorFlow publishes nothing for musl (Alpine): use Debian, Ubuntu or another system with glibc";
  return glibc.localeCompare(oldestGlibc, "en", { numeric: true }) < 0
    ? `glibc ${glibc} is older than ${oldestGlibc}, which TensorFlow's library needs`
    : undefined;
}

/** This machine. */
export function thisMachine(): Machine {
  return { architecture: process.arch, instructionSets: instructionSets(), glibc: glibcVersion() };
}

function glibcVersion(): string | undefined {
  // Otherwise the report looks up the names of this machine's addresses in the network, which can take seconds.
  const report = Object.assign(process.report, { excludeNetwork: true });
  const { header } = report.getReport() as { readonly header: { readonly glibcVersionRuntime?: string } };
  return header.glibcVersionRuntime;
}

/**
 * Checks, before anything is fetched, that a cache folder can hold and run the build.
 *
 * @param bytes - space that is needed
 * @throws BackendError saying what to do
 */
export async function checkCacheFolder(folder: string, bytes: number): Promise<void> {
  const elsewhere = "set DETRKIT_CACHE to another folder";
  try {
    await mkdir(folder, { recursive: true });
    if (!(await runsPrograms(folder)))
      throw new BackendError(`nothing can be run from ${folder} (mounted noexec): ${elsewhere}`);
  } catch (error) {
    if (BackendError.isInstance(error)) throw error;
    throw new BackendError(`${folder} can't be written (${(error as NodeJS.ErrnoException).code}): ${elsewhere}`, {
      cause: error,
    });
  }
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (free < bytes)
    throw new BackendError(
      `${gigabytes(free)} free in ${folder}, ${gigabytes(bytes)} needed: make room, or ${elsewhere}`,
    );
}

async function runsPrograms(folder: string): Promise<boolean> {
  const program = join(folder, `.can-run-${process.pid}`);
  try {
    await writeFile(program, "#!/bin/sh\nexit 0\n");
    await chmod(program, 0o700);
    await promisify(execFile)(program);
    return true;
  } catch (error) {
    if (
      (error as NodeJS.ErrnoException).code === "EACCES" &&
      (error as NodeJS.ErrnoException).syscall?.startsWith("spawn")
    )
      return false;
    throw error;
  } finally {
    await rm(program, { force: true });
  }
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
