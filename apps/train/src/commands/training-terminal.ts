import type { StartedBackend } from "@detrkit/backend";
import type { TrainingEvent } from "@detrkit/training";
import type { CommandStreams, ExitCode } from "../cli/command.ts";
import { interruptible } from "../cli/interruption.ts";
import type { BackendChoice } from "../configuration/run-settings.ts";
import { showProgress } from "../progress/show-progress.ts";
import { useBackend } from "./shared-flags.ts";

/** What a command that trains works with: a running backend, a terminal that shows the run, and Ctrl-C. */
export interface TrainingTerminal {
  readonly backend: StartedBackend;
  readonly report: (event: TrainingEvent) => void;
  readonly say: (text: string) => void;
  readonly signal: AbortSignal;
  /** What the program ends with where the signal stopped it. */
  readonly stoppedCode: () => ExitCode;
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
    return await work({ backend, report, say, signal: interruption.signal, stoppedCode: interruption.exitCode });
  } finally {
    interruption.release();
  }
}

/** Says on a slow backend, where a step can take minutes, why nothing is said yet. */
export function announceTiming({ backend, say }: TrainingTerminal): void {
  if (backend.name !== "native")
    say("Training is slow here. The first steps are timed, then you are told how long it takes.");
}
