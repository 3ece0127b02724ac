import { areaRanges } from "./area-ranges.ts";
import type { DetectionMatcher } from "./detection-matcher.ts";
import { ascendingIndices, orderByScore } from "./object-order.ts";
import type { ObjectGroup } from "./object-groups.ts";
import { falsePositive, notCounted, truePositive } from "./precision-recall.ts";
import type { PreparedEvaluation } from "./prepared-evaluation.ts";

/** Detections of one category, image after image, and their outcomes. `T` thresholds, `D` detections. */
export interface CategoryOutcomes {
  readonly scores: Float64Array;
  /** `[D]`: the detections in order of descending score. */
  readonly order: Int32Array;
  /** `[D]`: place of each by score within its image, from 0. */
  readonly ranks: Int32Array;
  /** Per area range `[T, D]`. */
  readonly outcomes: readonly Uint8Array[];
  /** Per area range: truths that count. */
  readonly truths: readonly number[];
}

/** Matches the detections of one category in every image, once for each area range. */
export function categoryOutcomes(
  prepared: PreparedEvaluation,
  groups: readonly ObjectGroup[],
  matcher: DetectionMatcher,
): CategoryOutcomes {
  const { parameters, truths, detections, overlaps } = prepared;
  const thresholdCount = parameters.iouThresholds.length;
  let total = 0;
  let largest = 0;
  let widest = 0;
  for (const { detectionStart, detectionEnd, truthStart, truthEnd } of groups) {
    const count = detectionEnd - detectionStart;
    total += count;
    largest = Math.max(largest, count * (truthEnd - truthStart));
    widest = Math.max(widest, count);
  }
  const scores = new Float64Array(total);
  const ranks = new Int32Array(total);
  const outcomes = areaRanges.map(() => new Uint8Array(thresholdCount * total));
  const truthCounts = areaRanges.map(() => 0);
  const ious = new Float64Array(largest);
  const matches = new Int32Array(thresholdCount * widest);

  let offset = 0;
  for (const { detectionStart, detectionEnd, truthStart, truthEnd } of groups) {
    const count = detectionEnd - detectionStart;
    overlaps.fill(ious, detectionStart, detectionEnd, truthStart, truthEnd);
    matcher.start(ious, count, truthEnd - truthStart);
    const crowd = truths.crowd.subarray(truthStart, truthEnd);
    for (let detection = 0; detection < count; detection++) {
      scores[offset + detection] = detections.scores[detectionStart + detection] as number;
      ranks[offset + detection] = detection;
    }
    for (const [area, range] of areaRanges.entries()) {
      const ignored = (truths.ignored[area] as Uint8Array).subarray(truthStart, truthEnd);
      const outcome = outcomes[area] as Uint8Array;
      for (const flag of ignored) if (flag === 0) (truthCounts[area] as number)++;
      matcher.match(ignored, crowd, matches);
      for (let detection = 0; detection < count; detection++) {
        const size = overlaps.detectionAreas[detectionStart + detection] as number;
        const unmatched = size < range.least || size > range.most ? notCounted : falsePositive;
        for (let threshold = 0; threshold < thresholdCount; threshold++) {
          const truth = matches[threshold * count + detection] as number;
          outcome[threshold * total + offset + detection] =
            truth < 0
              ? unmatched
              : outcomeOfMatch(ignored[truth] === 1, truths.ids[truthStart + truth] as number, unmatched);
        }
      }
    }
    offset += count;
  }
  return { scores, ranks, order: orderByScore(ascendingIndices(total), scores), outcomes, truths: truthCounts };
}

/** pycocotools takes the id 0 for "unmatched", so a match with the annotation of that id does not count. */
function outcomeOfMatch(ignored: boolean, truthId: number, unmatched: number): number {
  if (ignored) return notCounted;
  return truthId === 0 ? unmatched : truePositive;
}
