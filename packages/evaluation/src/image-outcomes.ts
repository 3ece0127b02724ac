import { ConfigError } from "@detrkit/common";
import type { DetectionEvaluation } from "./detection-evaluation.ts";

/** From which score and IoU on a detection counts. */
export interface OutcomeOptions {
  readonly scoreThreshold: number;
  /** One of the evaluation's IoU thresholds; default 0.5. */
  readonly iouThreshold?: number;
}

/** How well the objects of one image were found. */
export interface ImageOutcome {
  readonly imageId: number;
  /** Objects that were found. */
  readonly found: number;
  /** Objects that were not. */
  readonly missed: number;
  /** Detections of nothing, of the wrong class, or of what another one has found. */
  readonly wrong: number;
  /** `2 found / (2 found + missed + wrong)`; 1 where there is nothing, and nothing was detected. */
  readonly f1: number;
  /** Mean IoU of the objects that were found; 0 where none was. */
  readonly meanIou: number;
}

/**
 * How well each image was done, the worst first: by F1, then by the number of errors, then by how well the boxes fit.
 *
 * @throws ConfigError where the IoU threshold was not evaluated
 */
export function imageOutcomes(
  { parameters, perImage }: DetectionEvaluation,
  { scoreThreshold, iouThreshold = 0.5 }: OutcomeOptions,
): ImageOutcome[] {
  const threshold = parameters.iouThresholds.indexOf(iouThreshold);
  if (threshold < 0)
    throw new ConfigError(
      `imageOutcomes: iouThreshold ${iouThreshold} was not evaluated, ` +
        `expected one of ${parameters.iouThresholds.join(", ")}`,
    );
  const sums = new Map(parameters.imageIds.map((id) => [id, { found: 0, wrong: 0, truths: 0, iou: 0 }]));
  for (const { imageId, scores, matches, truthIgnored, ious } of perImage) {
    const sum = sums.get(imageId);
    if (sum === undefined) continue;
    for (const ignored of truthIgnored) if (ignored === 0) sum.truths += 1;
    // A detection above the threshold is matched before all below it: these don't change what it has found.
    scores.forEach((score, detection) => {
      if (score < scoreThreshold) return;
      const truth = matches[threshold * scores.length + detection] as number;
      if (truth < 0) sum.wrong += 1;
      else if (truthIgnored[truth] === 0) {
        sum.found += 1;
        sum.iou += ious[detection * truthIgnored.length + truth] as number;
      }
    });
  }
  const outcomes = [...sums].map(([imageId, { found, wrong, truths, iou }]): ImageOutcome => {
    const counted = found + truths + wrong;
    const missed = truths - found;
    const f1 = counted === 0 ? 1 : (2 * found) / counted;
    return { imageId, found, missed, wrong, f1, meanIou: found === 0 ? 0 : iou / found };
  });
  const errors = ({ missed, wrong }: ImageOutcome): number => missed + wrong;
  return outcomes.toSorted(
    (one, other) =>
      one.f1 - other.f1 || errors(other) - errors(one) || one.meanIou - other.meanIou || one.imageId - other.imageId,
  );
}
