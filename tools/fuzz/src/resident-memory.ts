import { readFileSync } from "node:fs";

const pageBytes = 4096;

/**
 * How much memory a process holds; undefined where the system does not tell (only Linux does) or the process is gone.
 */
export function residentMebibytes(pid: number | undefined): number | undefined {
  if (pid === undefined || process.platform !== "linux") return undefined;
  try {
    const [, resident] = readFileSync(`/proc/${pid}/statm`, "latin1").split(" ");
    return (Number(resident) * pageBytes) / 2 ** 20;
  } catch {
    return undefined;
  }
}
