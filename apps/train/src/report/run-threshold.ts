import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { runOfCheckpoint } from "../training/run-folder.ts";
import type { ReportFacts } from "./report-of-run.ts";

/**
 * The score from which a run's detections are worth drawing: that of the best F1 on validation images. Undefined for
 * a checkpoint that is of no run, and for runs that were not evaluated or are older than this figure.
 *
 * @param checkpoint - what `--checkpoint` was given
 */
export async function thresholdOfRun(checkpoint: string): Promise<number | undefined> {
  try {
    const { reportFacts } = (await runOfCheckpoint(checkpoint)) ?? {};
    if (reportFacts === undefined || !existsSync(reportFacts)) return undefined;
    const { analysis } = JSON.parse(await readFile(reportFacts, "utf8")) as Partial<ReportFacts>;
    const threshold = analysis?.confidence.best?.threshold;
    return typeof threshold === "number" && threshold >= 0 && threshold <= 1 ? threshold : undefined;
  } catch {
    // A damaged report must not keep a sound checkpoint from being used.
    return undefined;
  }
}
