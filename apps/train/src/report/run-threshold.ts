import { bestRecord, readLog } from "@detrkit/training/run-files";
import { runOfCheckpoint } from "../training/run-folder.ts";

/**
 * The score from which on a run's detections are worth showing: that of the best F1 on the validation images, of the
 * weights in `checkpoint-best`, which are those that a run folder stands for. Undefined for a checkpoint that is of no
 * run, and for runs that were not evaluated or are older than this figure.
 *
 * @param checkpoint - what `--checkpoint` was given
 */
export async function thresholdOfRun(checkpoint: string): Promise<number | undefined> {
  try {
    const run = await runOfCheckpoint(checkpoint);
    if (run === undefined) return undefined;
    const threshold: unknown = bestRecord(await readLog(run.log))?.scoreThreshold;
    return typeof threshold === "number" && threshold >= 0 && threshold <= 1 ? threshold : undefined;
  } catch {
    // A damaged log must not keep a sound checkpoint from being used.
    return undefined;
  }
}
