import type { ExitCode } from "./command.ts";

/** The signals that end a run after it was saved, and what a shell shows of a program that one of them ended. */
const exitCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** Ctrl-C, `kill` or a terminal that is closed, as the running command sees it. */
export interface Interruption {
  readonly signal: AbortSignal;
  /** What the program ends with where it was stopped. */
  readonly exitCode: () => ExitCode;
  /** Gives the signals back to Node, unless one of them came. */
  readonly release: () => void;
}

/**
 * One wish can reach the program two or three times: from the terminal, from npm, from whoever signals the whole
 * process group.
 */
const oneWishMs = 1_000;

/** What is said when a command is stopped: that it ends in order, and that it ended at once. */
export interface InterruptionTexts {
  readonly stopping: string;
  readonly stopped: string;
}

const ofTraining: InterruptionTexts = {
  stopping: "stopping after this step and saving the state; a second Ctrl-C stops at once",
  stopped: "stopped at once; the run can be resumed from its last checkpoint",
};

/**
 * Turns the first SIGINT, SIGTERM or SIGHUP into an abort, so that what was done can be saved; a later one ends the
 * program at once.
 */
export function interruptible(
  say: (line: string) => void,
  { stopping, stopped }: InterruptionTexts = ofTraining,
): Interruption {
  const controller = new AbortController();
  let code: ExitCode = 130;
  let impatient = false;
  const stop = (name: keyof typeof exitCodes): void => {
    if (controller.signal.aborted) {
      if (!impatient) return;
      say(stopped);
      process.exit(exitCodes[name]);
    }
    code = exitCodes[name];
    say(stopping);
    // A step may keep the program from seeing the copies of a signal until it is done. They are seen after the timers
    // and before what is set here.
    setTimeout(() => setImmediate(() => (impatient = true)), oneWishMs).unref();
    controller.abort();
  };
  const names = Object.keys(exitCodes) as (keyof typeof exitCodes)[];
  for (const name of names) process.on(name, stop);
  return {
    signal: controller.signal,
    exitCode: () => code,
    release: () => {
      // Once stopped, the program is about to end: an echo of the same Ctrl-C must not change how.
      if (controller.signal.aborted) return;
      for (const name of names) process.off(name, stop);
    },
  };
}
