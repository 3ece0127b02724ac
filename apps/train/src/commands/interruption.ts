/** What a stop by Ctrl-C or `kill` looks like to the running command. */
export interface Interruption {
  readonly signal: AbortSignal;
  /** Gives the signals back to Node. */
  readonly release: () => void;
}

/** Turns the first SIGINT or SIGTERM into an abort, so that a run can save its state; a second one ends the program at once. */
export function interruptible(say: (line: string) => void): Interruption {
  const controller = new AbortController();
  const stop = (): void => {
    if (controller.signal.aborted) {
      say("stopped at once; the run can be resumed from its last checkpoint");
      process.exit(130);
    }
    say("stopping after this step and saving the state; a second Ctrl-C stops at once");
    controller.abort();
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  return {
    signal: controller.signal,
    release: () => {
      process.off("SIGINT", stop);
      process.off("SIGTERM", stop);
    },
  };
}
