import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

let earlierPeakMb = 0; // what the kernel's count forgot when it was told to start again

/**
 * The most memory this process ever had resident. The kernel's own count where there is one: `maxRSS` may be the
 * parent's.
 */
export function peakMemoryMb(): number {
  const highest = statusMb("VmHWM");
  return highest === undefined ? process.resourceUsage().maxRSS / 1024 : Math.max(highest, earlierPeakMb);
}

/**
 * The most memory that a process and those it started ever had resident, in MiB: each one's own peak, added up.
 *
 * @throws Error where the process is gone, or the kernel is not Linux
 */
export function peakMemoryOfProcessesMb(pid: number): number {
  const own = statusMb("VmHWM", pid);
  if (own === undefined) throw new Error(`the kernel has no memory figures of process ${pid}; has it ended?`);
  const tasks = readdirSync(`/proc/${pid}/task`);
  const started = tasks.flatMap(
    (task) => readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").match(/\d+/g) ?? [],
  );
  return started.reduce((sum, child) => sum + peakMemoryOfProcessesMb(Number(child)), own);
}

/**
 * How much more memory the process had at some moment of the work than before it; undefined where the kernel doesn't
 * count.
 */
export async function extraPeakMemoryMb(work: () => Promise<void>): Promise<number | undefined> {
  collectGarbage(); // what is freed during the work would hide as much of the work's own
  earlierPeakMb = peakMemoryMb();
  const counts = startCounting();
  const before = statusMb("VmRSS");
  await work();
  const highest = statusMb("VmHWM");
  return counts && before !== undefined && highest !== undefined ? highest - before : undefined;
}

function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  collect(); // buffers of the first are freed beside the program, by the second at the latest
}

/** Makes the kernel count the highest from here on. */
function startCounting(): boolean {
  try {
    writeFileSync("/proc/self/clear_refs", "5");
    return true;
  } catch {
    return false; // not Linux, or not allowed
  }
}

function statusMb(name: string, pid: number | "self" = "self"): number | undefined {
  try {
    const kilobytes = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) / 1024;
  } catch {
    return undefined; // not Linux
  }
}
