import { copyFile, rename } from "node:fs/promises";
import { writeFileAtomic } from "@detrkit/common/files";
import { evaluateDetector } from "../evaluation/evaluate-detector.ts";
import { type EpochRecord, writeLog } from "./epoch-record.ts";
import { isEvaluated } from "./run-length.ts";
import { meansOf } from "./running-sums.ts";
import type { TrainingSession } from "./session.ts";
import type { TrainingHooks } from "./training-events.ts";
import { writeRunReport } from "./write-run-report.ts";

/**
 * Evaluates after an epoch where that is due, and writes its line of the log. The line comes last: a run that is killed
 * before it does all of this again when it is resumed, and writes the same.
 *
 * @param records - of the epochs before
 * @param ending - whether this is to be the last epoch, though there could be more
 * @returns undefined when the signal stopped the evaluation
 */
export async function finishEpoch(
  session: TrainingSession,
  records: readonly EpochRecord[],
  hooks: TrainingHooks,
  ending: boolean,
): Promise<EpochRecord | undefined> {
  const { config, folder, position } = session;
  const epoch = position.epoch + 1;
  const record = epochRecord(session);
  if (!ending && !isEvaluated(epoch, config)) {
    await writeLog(folder.log, [...records, record]);
    return record;
  }
  const evaluated = await evaluateDetector({
    detector: session.detector,
    dataset: session.data.validation,
    batchSize: config.batchSize,
    workers: session.workers,
    ...(hooks.signal === undefined ? {} : { signal: hooks.signal }),
    onImages: (image, images) => hooks.report?.({ kind: "evaluation", image, images }),
  });
  if (evaluated === undefined) return undefined;
  const { metrics } = evaluated.evaluation;
  const complete = { ...record, metrics };
  const best = Math.max(-2, ...records.map((earlier) => earlier.metrics?.AP ?? -2));
  if (metrics.AP > best) await copyWhole(folder.lastCheckpoint, folder.bestCheckpoint);
  await writeFileAtomic(folder.metrics, `${JSON.stringify(metrics, null, 2)}\n`);
  const last = ending || epoch === config.epochs || (config.stopAtAp50 > 0 && metrics.AP50 > config.stopAtAp50);
  if (last || session.reportIsOld()) await writeRunReport(session, [...records, complete], evaluated);
  await writeLog(folder.log, [...records, complete]);
  return complete;
}

function epochRecord({ position }: TrainingSession): EpochRecord {
  const { sums } = position;
  return {
    epoch: position.epoch + 1,
    step: position.step,
    ...meansOf(sums),
    learningRate: sums.learningRate,
    imagesPerSecond: sums.images / Math.max(sums.seconds, 1e-9),
    dataWaitSeconds: sums.dataWaitSeconds,
    seconds: sums.seconds,
    peakMemoryMb: process.resourceUsage().maxRSS / 1024,
  };
}

async function copyWhole(from: string, to: string): Promise<void> {
  await copyFile(from, `${to}.tmp`);
  await rename(`${to}.tmp`, to);
}
