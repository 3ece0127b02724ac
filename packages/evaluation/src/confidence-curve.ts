import { ConfigError } from "@detrkit/common";
import type { DetectionEvaluation } from "./detection-evaluation.ts";
import type { CurveOptions } from "./precision-recall-curve.ts";

/** What is kept at a score threshold, compared with what there is. */
export interface ConfidencePoint {
  /** Detections from this score on are kept. */
  readonly threshold: number;
  /** Part of the kept detections that are right; 1 where none is kept. */
  readonly precision: number;
  /** Part of the objects that are found. */
  readonly recall: number;
  /** Harmonic mean of both. */
  readonly f1: number;
}

/** Precision, recall and F1 over the score threshold. */
export interface ConfidenceCurve {
  /** Thresholds 0, 0.01 … 1. */
  readonly points: readonly ConfidencePoint[];
  /** Where F1 is highest among all thresholds; undefined where no detection is right. */
  readonly best: ConfidencePoint | undefined;
}

/**
 * How precision, recall and F1 change with the score from which detections are kept; all classes together unless one is
 * named, each object counting once. The threshold of the `best` F1 lies in the middle between the last score that is
 * kept and the next lower one, so that a new image's scores may differ a little.
 *
 * @example const { best } = confidenceCurve(evaluation); // draw detections from best.threshold on
 * @throws ConfigError where IoU threshold or category were not evaluated
 */
export function confidenceCurve(evaluation: DetectionEvaluation, options: CurveOptions = {}): ConfidenceCurve {
  const { ranked, truths } = rankedDetections(evaluation, options);
  if (truths === 0) return { points: [], best: undefined };
  const pointAt = (threshold: number, kept: number, right: number): ConfidencePoint => ({
    threshold,
    precision: kept === 0 ? 1 : right / kept,
    recall: right / truths,
    // The same as 2 · precision · recall / (precision + recall), without its 0 / 0.
    f1: (2 * right) / (kept + truths),
  });
  const points: ConfidencePoint[] = [];
  let [kept, right, step] = [0, 0, 100];
  let best: ConfidencePoint | undefined;
  for (; step >= 0; step--) {
    for (; kept < ranked.length && (ranked[kept] as Ranked).score >= step / 100;) {
      const { score, isRight } = ranked[kept] as Ranked;
      kept += 1;
      if (isRight) right += 1;
      const next = ranked[kept]?.score;
      // Of equal scores all are kept or none.
      if (next === score || right === 0) continue;
      const point = pointAt(next === undefined ? score : (score + next) / 2, kept, right);
      if (best === undefined || point.f1 > best.f1) best = point;
    }
    points.push(pointAt(step / 100, kept, right));
  }
  return { points: points.toReversed(), best };
}

interface Ranked {
  readonly score: number;
  readonly isRight: boolean;
}

/** The detections that are right or wrong, highest score first, and the number of objects. */
function rankedDetections(
  { parameters, perImage, perClass }: DetectionEvaluation,
  { iouThreshold = 0.5, categoryId }: CurveOptions,
): { readonly ranked: readonly Ranked[]; readonly truths: number } {
  const threshold = parameters.iouThresholds.indexOf(iouThreshold);
  if (threshold < 0)
    throw new ConfigError(
      `confidenceCurve: iouThreshold ${iouThreshold} was not evaluated, ` +
        `expected one of ${parameters.iouThresholds.join(", ")}`,
    );
  if (categoryId !== undefined && !perClass.some((found) => found.categoryId === categoryId))
    throw new ConfigError(`confidenceCurve: category ${categoryId} was not evaluated`);
  const ranked: Ranked[] = [];
  let truths = 0;
  for (const image of perImage) {
    if (categoryId !== undefined && image.categoryId !== categoryId) continue;
    for (const ignored of image.truthIgnored) if (ignored === 0) truths += 1;
    image.scores.forEach((score, detection) => {
      const truth = image.matches[threshold * image.scores.length + detection] as number;
      if (truth < 0 || image.truthIgnored[truth] === 0) ranked.push({ score, isRight: truth >= 0 });
    });
  }
  return { ranked: ranked.toSorted((one, other) => other.score - one.score), truths };
}
