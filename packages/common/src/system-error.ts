import { accessSync, constants, statSync } from "node:fs";
import { dirname, resolve } from "node:path";

/** An error of the operating system, as Node reports it. */
interface SystemError {
  readonly code: string;
  readonly syscall?: string;
  readonly path?: string;
}

function isSystemError(error: unknown): error is Error & SystemError {
  const { code, syscall } = (error ?? {}) as Partial<SystemError>;
  return error instanceof Error && typeof code === "string" && typeof syscall === "string";
}

/** The first part of a path that is a file, so that nothing can lie in it. */
function fileWithin(path: string): string | undefined {
  for (let part = resolve(path); part !== dirname(part); part = dirname(part)) {
    const there = safeStat(part);
    if (there !== undefined) return there.isDirectory() ? undefined : part;
  }
  return undefined;
}

/** What lies at a path; undefined where nothing does, or where that cannot be seen. */
export function safeStat(path: string): ReturnType<typeof statSync> {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** System calls that only read. */
const reading = new Set(["scandir", "stat", "lstat", "read", "readlink", "realpath", "opendir"]);

type Sentence = (path: string, error: SystemError) => string;

const isFileNoFolder: Sentence = (path) => {
  const file = fileWithin(path);
  return file === undefined
    ? `${path}: a part of this path is no folder; choose another`
    : `${file} is a file, where a folder was expected; choose another path, or remove the file`;
};

const sentences: Readonly<Record<string, Sentence>> = {
  ENOSPC: (path) => `${path}: the disk is full; free some space, or choose a place on another disk`,
  EDQUOT: (path) => `${path}: your quota of disk space is used up; free some space, or choose another place`,
  EFBIG: (path) => `${path}: larger than a file may be here (a limit of the file system, or ulimit -f)`,
  EROFS: (path) => `${path}: cannot be written, its disk is read-only; choose another place`,
  EACCES: (path, { syscall = "" }) =>
    reading.has(syscall)
      ? `${path}: cannot be read, permission denied; change its permissions`
      : `${path}: permission denied; change the permissions of the file and its folder, or choose another place`,
  ENOENT: (path, { syscall }) =>
    syscall === "mkdir"
      ? `${path}: no folder can be made here; choose another place`
      : `${path} does not exist; check the path`,
  EISDIR: (path) => `${path} is a folder, where a file was expected; choose another path`,
  ENOTDIR: isFileNoFolder,
  EEXIST: isFileNoFolder,
  ENAMETOOLONG: (path) => `${path}: the name is too long for this file system; choose a shorter one`,
  EMFILE: (path) => `${path}: too many files are open; close other programs, or raise the limit (ulimit -n)`,
  EIO: (path) => `${path}: the disk failed to read or write it (input/output error); copy your data to another disk`,
};

/**
 * The code of an error. Node says ENOENT where a folder cannot be made in one that may not be written to, and EPERM is
 * what some file systems say for EACCES.
 */
function codeOf({ code, syscall, path }: SystemError): string {
  if (code === "EPERM") return "EACCES";
  if (code !== "ENOENT" || syscall !== "mkdir" || path === undefined) return code;
  let above = dirname(resolve(path));
  while (safeStat(above) === undefined && dirname(above) !== above) above = dirname(above);
  try {
    accessSync(above, constants.W_OK);
    return code;
  } catch (error) {
    return isSystemError(error) ? error.code : code;
  }
}

/** What went wrong with a file, for people. */
export interface SystemErrorText {
  /** One sentence that names the path and what to do. */
  readonly text: string;
  /** Whether another path, or other permissions, would help; otherwise the machine is at its end: a full disk. */
  readonly isAboutPath: boolean;
}

/**
 * An error of the operating system about a file (no space, no permission, a file where a folder was expected, …) in one
 * sentence; `undefined` for any other error.
 */
export function describeSystemError(error: unknown): SystemErrorText | undefined {
  if (!isSystemError(error)) return undefined;
  const code = codeOf(error);
  const sentence = sentences[code];
  if (sentence === undefined || (error.path === undefined && code === "EEXIST")) return undefined;
  const text = sentence(error.path ?? "a file", error);
  return { text, isAboutPath: !["ENOSPC", "EDQUOT", "EFBIG", "EMFILE", "EIO"].includes(code) };
}

/**
 * Makes an error of the operating system name the file that somebody asked for, where it names none, or a temporary one
 * beside it. Anything else stays as it is.
 */
export function nameFile(error: unknown, path: string, temporary?: string): unknown {
  if (isSystemError(error) && (error.path === undefined || error.path === temporary)) Object.assign(error, { path });
  return error;
}
