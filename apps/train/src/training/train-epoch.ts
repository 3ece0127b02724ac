import { DetrkitError } from "@detrkit/common";
import type { DetectionBatch } from "@detrkit/datasets";
import { addStep, meansOf } from "./running-sums.ts";
import type { TrainingSession } from "./session.ts";
import { TrainingError } from "./training-error.ts";
import type { TrainingHooks } from "./training-events.ts";

/**
 * Trains the rest of the session's epoch.
 *
 * @returns false when the signal stopped it before the epoch's end
 * @throws TrainingError naming the batch's images when the loss is not finite
 */
export async function trainEpoch(session: TrainingSession, hooks: TrainingHooks): Promise<boolean> {
  const { config, pace, position, stepsPerEpoch } = session;
  const stopped = (): boolean => hooks.signal?.aborted === true;
  if (stopped()) return false;
  let stepSince = performance.now();
  for await (const batch of session.trainingBatches()) {
    const { loss, terms, gradientNorm, learningRates } = await session.step(batch).catch((error: unknown) => {
      throw DetrkitError.isInstance(error) && error.code === "ERR_NON_FINITE" ? notFinite(error, session, batch) : error;
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
    const { sums } = position;
    hooks.report?.({
      kind: "step",
      epoch: position.epoch + 1,
      epochs: config.epochs,
      step: session.position.stepsDone,
      stepsPerEpoch,
      loss: meansOf(sums).loss,
      terms: meansOf(sums).terms,
      imagesPerSecond: sums.images / Math.max(sums.seconds, 1e-9),
      secondsLeft: pace.secondsLeft(session.workLeft),
    });
    if (!estimated) reportEstimate(session, hooks);
    if (stopped() && session.position.stepsDone < stepsPerEpoch) return false;
  }
  return true;
}

/** Tells how long the run will take, where that can be said now. */
function reportEstimate({ pace, stepsPerEpoch, workLeft }: TrainingSession, hooks: TrainingHooks): void {
  const { secondsPerStep, secondsPerEvaluation } = pace;
  const seconds = pace.secondsLeft(workLeft);
  if (secondsPerStep === undefined || secondsPerEvaluation === undefined || seconds === undefined) return;
  const { steps: stepsLeft, evaluations: evaluationsLeft } = workLeft;
  const made = { stepsLeft, stepsPerEpoch, secondsPerStep, evaluationsLeft, secondsPerEvaluation };
  hooks.report?.({ kind: "estimate", seconds, ...made });
}

/** Matcher and optimiser both notice; what they cannot know is the images. */
function notFinite(error: DetrkitError, { position }: TrainingSession, { records }: DetectionBatch): TrainingError {
  return new TrainingError(
    `epoch ${position.epoch + 1}, step ${position.stepsDone + 1}: ${error.message}\nThe batch's images:\n${records.map(({ file }) => `  ${file}`).join("\n")}\n` +
      "Check them with `detrkit check-data`; if they are sound, lower --learning-rate or add --warmup-steps. A checkpoint that is there is from before this.",
    error,
  );
}
