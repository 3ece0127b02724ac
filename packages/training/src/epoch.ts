import { DetrkitError } from "@detrkit/common";
import type { DetectionBatch } from "@detrkit/datasets";
import { memory } from "@tensorflow/tfjs-core";
import { addStep, type EpochRecord, epochRecord, meansOf } from "./epoch-record.ts";
import type { EvaluatedDetector } from "./evaluate-detector.ts";
import type { TrainingSession } from "./session.ts";
import { TrainingError } from "./training-events.ts";

/**
 * Trains the rest of the session's epoch.
 *
 * @returns false when the signal stopped it before the epoch's end
 * @throws TrainingError naming the batch's images when the loss is not finite
 */
export async function trainEpoch(session: TrainingSession): Promise<boolean> {
  const { options, pace, position } = session;
  const stopped = (): boolean => options.signal?.aborted === true;
  if (stopped()) return false;
  let stepSince = performance.now();
  for await (const batch of session.trainingBatches()) {
    const { loss, terms, gradientNorm, learningRates } = await session.step(batch).catch((error: unknown) => {
      const isNotFinite = DetrkitError.isInstance(error) && error.code === "ERR_NON_FINITE";
      throw isNotFinite ? notFinite(error, session, batch) : error;
    });
    const now = performance.now();
    const seconds = (now - stepSince) / 1000;
    addStep(position.sums, {
      images: batch.records.length,
      loss,
      gradientNorm,
      learningRate: learningRates.at(-1) ?? 0,
      terms,
      seconds,
      dataWaitSeconds: batch.waitedMs / 1000,
    });
    session.advance();
    stepSince = now;
    const estimated = pace.secondsPerStep !== undefined;
    pace.addStep(seconds);
    reportStep(session);
    if (!estimated) reportEstimate(session);
    if (session.epochTrained) continue;
    if (stopped()) return false;
    // Its time counts with the next step's, as it does for whoever waits.
    if (session.saveDue) await session.save();
  }
  return true;
}

function reportStep({ options, pace, position, stepsPerEpoch, workLeft }: TrainingSession): void {
  const { sums } = position;
  const { loss, terms } = meansOf(sums);
  options.report?.({
    kind: "step",
    epoch: position.epoch + 1,
    epochs: options.epochs,
    step: position.stepsDone,
    stepsPerEpoch,
    loss,
    terms,
    imagesPerSecond: sums.images / Math.max(sums.seconds, 1e-9),
    secondsLeft: pace.secondsLeft(workLeft),
  });
}

/** Tells how long the run will take, where that can be said now. */
function reportEstimate({ options, pace, stepsPerEpoch, workLeft }: TrainingSession): void {
  const { secondsPerStep, secondsPerEvaluation } = pace;
  const seconds = pace.secondsLeft(workLeft);
  if (secondsPerStep === undefined || secondsPerEvaluation === undefined || seconds === undefined) return;
  const { steps: stepsLeft, evaluations: evaluationsLeft } = workLeft;
  const made = { stepsLeft, stepsPerEpoch, secondsPerStep, evaluationsLeft, secondsPerEvaluation };
  options.report?.({ kind: "estimate", seconds, ...made });
}

/** Matcher and optimiser both notice; what they cannot know is the images. */
function notFinite(error: DetrkitError, { position }: TrainingSession, { records }: DetectionBatch): TrainingError {
  const where = `epoch ${position.epoch + 1}, step ${position.stepsDone + 1}`;
  const images = records.map(({ file }) => `  ${file}`).join("\n");
  return new TrainingError(
    `${where}: ${error.message}\nThe batch's images:\n${images}`,
    "Check them (checkDataset of @detrkit/datasets); if they are sound, lower the learning rate or add warm-up steps.",
    error,
  );
}

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
  ending: boolean,
): Promise<EpochRecord | undefined> {
  const { options, position, store } = session;
  let record = epochRecord(position.epoch + 1, position.step, position.sums, memory().numTensors);
  const due = session.isEvaluated(ending);
  const evaluated = due ? await evaluateEpoch(session) : undefined;
  if (due && evaluated === undefined) return undefined;
  session.expectHeld();
  if (evaluated !== undefined) {
    const { metrics } = evaluated.evaluation;
    const best = Math.max(-2, ...records.map((earlier) => earlier.metrics?.AP ?? -2));
    await store.keepEvaluation(metrics, metrics.AP > best);
    record = { ...record, metrics };
  }
  const all = [...records, record];
  const last = ending || record.epoch === options.epochs || session.reached(record);
  await options.afterEpoch?.({ record, records: all, evaluated, last });
  await store.writeLog(all);
  return record;
}

async function evaluateEpoch({ detector, options, workers }: TrainingSession): Promise<EvaluatedDetector | undefined> {
  const { batchSize, data, evaluate, report, signal } = options;
  if (data.validation === undefined) return undefined;
  return await evaluate({
    detector,
    dataset: data.validation,
    batchSize,
    workers,
    ...(signal === undefined ? {} : { signal }),
    onImages: (image, images) => report?.({ kind: "evaluation", image, images }),
  });
}
