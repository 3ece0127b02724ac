import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** Which process on which machine. What a platform does not tell is left out. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly host: string;
  /** Stays when the machine is started again. */
  readonly machine?: string;
  /** Of this start of the machine. */
  readonly boot?: string;
  /** Process numbers count within it: a container has its own. */
  readonly namespace?: string;
  /** When the process was started, in ticks since the machine was: a process number is given out again. */
  readonly started?: string;
}

/** This process. */
export function ownIdentity(): ProcessIdentity {
  const { started } = processState(process.pid);
  return {
    pid: process.pid,
    host: hostname(),
    ...known("machine", () => readFileSync("/etc/machine-id", "utf8").trim()),
    ...known("boot", () => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()),
    ...known("namespace", () => readlinkSync("/proc/self/ns/pid")),
    ...(started === undefined ? {} : { started }),
  };
}

/**
 * Whether a process runs, as far as this one can see.
 *
 * @returns undefined of a process on another machine or in another container
 */
export function isRunning(one: ProcessIdentity, self: ProcessIdentity = ownIdentity()): boolean | undefined {
  if (one.host !== self.host) return undefined;
  if (one.boot !== self.boot) return one.machine !== undefined && one.machine === self.machine ? false : undefined;
  if (one.namespace !== self.namespace) return undefined;
  const { alive, started } = processState(one.pid);
  return alive && (one.started === undefined || started === undefined || one.started === started);
}

function processState(pid: number): { readonly alive: boolean; readonly started?: string } {
  try {
    // The program's name, in brackets, may have spaces and brackets itself.
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const [state = "", started = ""] = [fields[0], fields[19]];
    // A zombie has ended; its parent has not asked yet how.
    return { alive: !["Z", "X"].includes(state), started };
  } catch {
    return { alive: answersSignals(pid) };
  }
}

/** Where there is no /proc. */
function answersSignals(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"; // it runs, and belongs to somebody else
  }
}

function known(name: "boot" | "machine" | "namespace", read: () => string): Partial<ProcessIdentity> {
  try {
    const value = read();
    return value === "" ? {} : { [name]: value };
  } catch {
    return {};
  }
}
