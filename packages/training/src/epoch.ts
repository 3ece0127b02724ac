import { DetrkitError } from "@detrkit/common";
import type { DetectionBatch } from "@detrkit/datasets";
import { confidenceCurve, type PanopticFigures } from "@detrkit/evaluation";
import { memory } from "@tensorflow/tfjs-core";
import { addStep, bestRecord, type EpochRecord, epochRecord, meansOf } from "./epoch-record.ts";
import type { EvaluatedDetector } from "./evaluate-detector.ts";
import { hasAuxiliaryLosses } from "./freeze-detector.ts";
import { storedMetrics } from "./stored-metrics.ts";
import type { TrainingSession } from "./session.ts";
import { type LatestStep, TrainingError } from "./training-events.ts";

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
  let ofStep: DetectionBatch[] = [];
  for await (const batch of session.trainingBatches()) {
    ofStep.push(batch);
    const result = await session.train(batch).catch((error: unknown) => {
      const isNotFinite = DetrkitError.isInstance(error) && error.code === "ERR_NON_FINITE";
      throw isNotFinite ? notFinite(error, session, ofStep) : error;
    });
    if (result === undefined) continue;
    const { loss, terms, gradientNorm, learningRates } = result;
    const now = performance.now();
    const seconds = (now - stepSince) / 1000;
    addStep(position.sums, {
      images: ofStep.reduce((sum, { records }) => sum + records.length, 0),
      loss,
      gradientNorm,
      learningRate: learningRates.at(-1) ?? 0,
      terms,
      seconds,
      dataWaitSeconds: ofStep.reduce((sum, { waitedMs }) => sum + waitedMs, 0) / 1000,
    });
    ofStep = [];
    session.advance();
    stepSince = now;
    const estimated = pace.secondsPerStep !== undefined;
    pace.addStep(seconds);
    reportStep(session, { loss, terms, gradientNorm, learningRates });
    if (!estimated) reportEstimate(session);
    if (session.epochTrained) continue;
    if (stopped()) return false;
    // Its time counts with the next step's, as it does for whoever waits.
    if (session.saveDue) await session.save();
  }
  return true;
}

function reportStep(
  { options, pace, position, stepsPerEpoch, workLeft }: TrainingSession,
  latest: Omit<LatestStep, "step">,
): void {
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
    dataWaitShare: sums.dataWaitSeconds / Math.max(sums.seconds, 1e-9),
    latest: { step: position.step, ...latest },
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
function notFinite(
  error: DetrkitError,
  { position }: TrainingSession,
  batches: readonly DetectionBatch[],
): TrainingError {
  const where = `epoch ${position.epoch + 1}, step ${position.stepsDone + 1}`;
  const images = batches.flatMap(({ records }) => records.map(({ file }) => `  ${file}`)).join("\n");
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
  const evaluated = due ? await session.withFinalWeights(() => evaluateEpoch(session)) : undefined;
  if (due && evaluated === undefined) return undefined;
  session.expectHeld();
  if (evaluated !== undefined) {
    const { evaluation, masks, panoptic, loss: validationLoss } = evaluated;
    const { metrics } = evaluation;
    const scoreThreshold = confidenceCurve(evaluation).best?.threshold;
    record = {
      ...record,
      metrics,
      ...(masks && { maskMetrics: masks.metrics }),
      ...(panoptic && { panoptic: figuresOf(panoptic.all) }),
      ...(scoreThreshold === undefined ? {} : { scoreThreshold }),
      ...(validationLoss === undefined ? {} : { validationLoss }),
    };
    const isBest = bestRecord([...records, record]) === record;
    await session.withFinalWeights(() => store.keepEvaluation(storedMetrics(evaluated), isBest));
  }
  const all = [...records, record];
  const last = ending || record.epoch === options.epochs || session.endedBy(all) !== undefined;
  await options.afterEpoch?.({ record, records: all, evaluated, last });
  await store.writeLog(all);
  return record;
}

function figuresOf({ PQ, SQ, RQ }: PanopticFigures): PanopticFigures {
  return { PQ, SQ, RQ };
}

async function evaluateEpoch({ detector, options, workers }: TrainingSession): Promise<EvaluatedDetector | undefined> {
  const { panopticThreshold, batchSize, criterion, data, evaluate, report, signal, validationLoss } = options;
  if (data.validation === undefined) return undefined;
  return await evaluate({
    detector,
    dataset: data.validation,
    batchSize,
    workers,
    panopticThreshold,
    ...(validationLoss ? { criterion, auxiliary: hasAuxiliaryLosses(options) } : {}),
    ...(signal === undefined ? {} : { signal }),
    onImages: (image, images) => report?.({ kind: "evaluation", image, images }),
  });
}
