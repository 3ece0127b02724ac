import { readFileSync, writeFileSync } from "node:fs";

const status = "/proc/self/status";

function bytesOf(name: string): number | undefined {
  try {
    const [, kilobytes] = new RegExp(`^${name}:\\s+(\\d+) kB$`, "mu").exec(readFileSync(status, "utf8")) ?? [];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  } catch {
    return undefined;
  }
}

/**
 * The most memory that this process had resident during the work, in bytes; undefined where the system does not tell
 * (it is no Linux, or does not allow it).
 */
export async function peakMemoryDuring(work: () => Promise<void>): Promise<number | undefined> {
  try {
    // The kernel forgets the highest so far.
    writeFileSync("/proc/self/clear_refs", "5");
  } catch {
    return undefined;
  }
  await work();
  return bytesOf("VmHWM");
}
