// Child processes of the set-up and the command itself: output, exit codes and signals kept as the user expects them.
import { spawn } from "node:child_process";
import { constants } from "node:os";

const DEBOUNCE_MS = 500;

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
    const child = spawn(command, args, { cwd, env, stdio: "inherit" });
    const stopForwarding = forwardSignals(child);
    child.on("error", reject);
    child.on("close", (code, signal) => {
      stopForwarding();
      resolve(exitCode(code, signal));
    });
  });
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
