import type { StartedBackend } from "@detrkit/backend";
import type { TrainingEvent } from "@detrkit/training";
import type { CommandStreams } from "../cli/command.ts";
import type { BackendChoice } from "../configuration/run-settings.ts";
import { showProgress } from "../training/show-progress.ts";
import { useBackend } from "./shared-flags.ts";

/** What a command that trains works with: a running backend, a terminal that shows the run, and Ctrl-C. */
export interface TrainingTerminal {
  readonly backend: StartedBackend;
  readonly report: (event: TrainingEvent) => void;
  readonly say: (text: string) => void;
  readonly signal: AbortSignal;
}

/** Starts the backend, takes over Ctrl-C and gives both back after `work`, whatever came of it. */
export async function withTrainingTerminal<Result>(
  choice: BackendChoice,
  streams: CommandStreams,
  work: (terminal: TrainingTerminal) => Promise<Result>,
): Promise<Result> {
  const report = showProgress(streams.stderr);
  const say = (text: string): void => report({ kind: "message", text });
  const backend = await useBackend(choice, say);
  const interruption = interruptible(say);
  try {
    return await work({ backend, report, say, signal: interruption.signal });
  } finally {
    interruption.release();
  }
}

/** Says on a slow backend, where a step can take minutes, why nothing is said yet. */
export function announceTiming({ backend, say }: TrainingTerminal): void {
  if (backend.name !== "native")
    say("Training is slow here. The first steps are timed, then you are told how long it takes.");
}

/** What a stop by Ctrl-C or `kill` looks like to the running command. */
export interface Interruption {
  readonly signal: AbortSignal;
  /** Gives the signals back to Node, unless one of them came. */
  readonly release: () => void;
}

/**
 * One Ctrl-C can reach the program two or three times: from the terminal, from npm, from whoever signals the whole
 * process group.
 */
const ONE_WISH_MS = 1_000;

/** What is said when a run is stopped: that it ends in order, and that it ended at once. */
export interface InterruptionTexts {
  readonly stopping: string;
  readonly stopped: string;
}

const ofTraining: InterruptionTexts = {
  stopping: "stopping after this step and saving the state; a second Ctrl-C stops at once",
  stopped: "stopped at once; the run can be resumed from its last checkpoint",
};

/**
 * Turns the first SIGINT or SIGTERM into an abort, so that a run can save its state; a later one ends the program at
 * once.
 */
export function interruptible(
  say: (line: string) => void,
  { stopping, stopped }: InterruptionTexts = ofTraining,
): Interruption {
  const controller = new AbortController();
  let first = 0;
  const stop = (): void => {
    if (controller.signal.aborted) {
      if (performance.now() - first < ONE_WISH_MS) return;
      say(stopped);
      process.exit(130);
    }
    say(stopping);
    first = performance.now();
    controller.abort();
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  return {
    signal: controller.signal,
    release: () => {
      // Once stopped, the program is about to end: an echo of the same Ctrl-C must not change how.
      if (controller.signal.aborted) return;
      process.off("SIGINT", stop);
      process.off("SIGTERM", stop);
    },
  };
}
