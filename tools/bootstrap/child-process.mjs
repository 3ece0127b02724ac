// Child processes of the set-up and the command itself: output, exit codes and signals kept as the user expects them.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { constants } from "node:os";

const DEBOUNCE_MS = 500;
const LOOK_MS = 500;

/** Runs a step quietly and resolves with what it printed; lines go to `onLine` as they come.
 *  @param {string} command
 *  @param {readonly string[]} args
 *  @param {{ cwd?: string, env?: NodeJS.ProcessEnv, shell?: boolean, onLine?: (line: string) => void }} [options]
 *  @returns {Promise<{ code: number, output: string }>} code 127 if the command could not be started */
export function runStep(command, args, { cwd, env, shell = false, onLine = () => {} } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env, shell, stdio: ["ignore", "pipe", "pipe"] });
    const stopWatching = endOnSignal(child);
    let output = "";
    let pending = "";
    const collect = (chunk) => {
      output += chunk;
      const lines = (pending + chunk).split(/\r?\n/);
      pending = lines.pop() ?? "";
      for (const line of lines) onLine(line);
    };
    child.stdout.setEncoding("utf8").on("data", collect);
    child.stderr.setEncoding("utf8").on("data", collect);
    child.on("error", (error) => {
      stopWatching();
      resolve({ code: 127, output: `${output}${error.message}\n` });
    });
    child.on("close", (code, signal) => {
      stopWatching();
      resolve({ code: exitCode(code, signal), output });
    });
  });
}

/** Runs the command in the foreground with our own stdin, stdout and stderr; resolves with its exit code.
 *  @param {string} command @param {readonly string[]} args @param {{ cwd: string, env: NodeJS.ProcessEnv }} options
 *  @returns {Promise<number>} */
export function runForeground(command, args, { cwd, env }) {
  return new Promise((resolve, reject) => {
    // The program looks for this process from time to time, and ends when it is gone.
    const child = spawn(command, args, { cwd, env: { ...env, DETRKIT_PARENT: String(process.pid) }, stdio: "inherit" });
    const stopForwarding = forwardSignals(child);
    const stopWatching = endWithPackageManager(child);
    child.on("error", reject);
    child.on("close", (code, signal) => {
      stopForwarding();
      stopWatching();
      resolve(exitCode(code, signal));
    });
  });
}

/** Ends the child as `kill` does when the `npm run` around this process is gone without a word (`kill -9`): nobody
 *  could stop it any more. Started in another way, say by `nohup node`, it may outlive who started it.
 *  @param {{ kill(signal: NodeJS.Signals): boolean }} child
 *  @returns {() => void} stops it */
function endWithPackageManager(child) {
  if (process.env.npm_lifecycle_event === undefined) return () => {};
  const starter = packageManager();
  const watch = setInterval(() => {
    if (packageManager() === starter) return;
    clearInterval(watch);
    child.kill("SIGTERM");
  }, LOOK_MS);
  return () => clearInterval(watch);
}

/** The process that runs the script: this one's parent, or that one's where a shell stands between. */
function packageManager() {
  try {
    const [, shell, grandparent] = /\((.*)\) \S (\d+)/.exec(readFileSync(`/proc/${process.ppid}/stat`, "utf8")) ?? [];
    return /^\w*sh$/.test(shell) ? Number(grandparent) : process.ppid;
  } catch {
    return process.ppid; // no /proc here
  }
}

/** A signal during a set-up step ends the step and this process; its exit handlers release the locks. */
function endOnSignal(child) {
  return onSignals((signal) => {
    child.kill(signal);
    process.exit(exitCode(null, signal));
  });
}

/** @param {(signal: NodeJS.Signals) => void} listener @returns {() => void} stops listening */
function onSignals(listener) {
  const signals = /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"]);
  for (const signal of signals) process.on(signal, listener);
  return () => signals.forEach((signal) => process.removeListener(signal, listener));
}

/** Passes signals on to the child and keeps this process alive until the child has ended by itself.
 *  @param {{ kill(signal: NodeJS.Signals): boolean }} child
 *  @param {boolean} [terminal] is this a foreground job of a terminal?
 *  @returns {() => void} stops it */
export function forwardSignals(
  child,
  terminal = [process.stdin, process.stdout, process.stderr].some((stream) => stream.isTTY),
) {
  let last = 0;
  return onSignals((signal) => {
    // A terminal sends Ctrl-C to every process of the job, so the child has it already, and a second one would mean
    // "stop at once" to it. npm sends its own copy on top: one signal in half a second is one wish.
    if (signal === "SIGINT" && terminal) return;
    const now = Date.now();
    if (now - last >= DEBOUNCE_MS) child.kill(signal);
    last = now;
  });
}

/**
 * @param {number | null} code @param {NodeJS.Signals | null} signal the shell's convention: 128 + the signal's number
 */
export function exitCode(code, signal) {
  if (code !== null) return code;
  return signal === null ? 1 : 128 + constants.signals[signal];
}

/** Did somebody end the program by Ctrl-C, a closed terminal or `kill`, rather than it failing? @param {number} code */
export function isInterruption(code) {
  return ["SIGINT", "SIGTERM", "SIGHUP"].some((signal) => code === exitCode(null, signal));
}
