import type { EpochRecord, TrainingEvent, TrainingOutcome } from "@detrkit/training";
import type { ProgressStream } from "../text.ts";

/** How a run ended: the last line. */
export interface OutcomeEvent {
  readonly kind: "outcome";
  readonly state: TrainingOutcome["state"];
  readonly output: string;
  readonly last: EpochRecord | null;
}

/** Writes what happens in a run for programs: each event is one line of JSON, whose `kind` says what it is. */
export function jsonLines(stream: Pick<ProgressStream, "write">): (event: TrainingEvent | OutcomeEvent) => void {
  return (event) => void stream.write(`${JSON.stringify(event)}\n`);
}
