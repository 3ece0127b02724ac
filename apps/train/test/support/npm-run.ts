import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../..", import.meta.url));

/** A run of `npm run detrkit -- …` and the processes under it, as `ps` would show them. */
export interface NpmRun {
  readonly npm: ChildProcess;
  /** `npm`, the shell that it may start, `tools/run.mjs` and the program. */
  readonly processes: () => readonly { readonly pid: number; readonly command: string }[];
  /** What the program has said. */
  readonly said: () => string;
  /** Resolves when what is said has this in it. */
  readonly saying: (text: string) => Promise<void>;
}

/** Starts the program as people do who work in a clone, in a process group of its own. */
export function npmRun(args: readonly string[]): NpmRun {
  const npm = spawn("npm", ["run", "detrkit", "--", ...args], {
    cwd: root,
    detached: true,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  npm.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  const output = args[args.indexOf("--output") + 1] ?? "";
  return {
    npm,
    said: () => said,
    processes: () => runningWith(output),
    saying: async (text) => {
      while (!said.includes(text)) {
        if (npm.exitCode !== null) throw new Error(`npm ended with ${npm.exitCode}:\n${said}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
  };
}

/** Processes of whose command line this is a part, but for those that have ended and were not asked how. */
function runningWith(argument: string): { pid: number; command: string }[] {
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/u.test(name)) return [];
    try {
      const command = readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " ");
      return command.includes(argument) ? [{ pid: Number(name), command }] : [];
    } catch {
      return []; // it ended in the meantime
    }
  });
}
