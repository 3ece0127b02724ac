import { DetectionMatcher } from "./detection-matcher.ts";
import type { ObjectGroup } from "./object-groups.ts";
import type { PreparedEvaluation } from "./prepared-evaluation.ts";

/**
 * Matches of one category in one image, all sizes. `D` detections in order of descending score, at most the largest
 * limit; `G` truths in file order; `T` IoU thresholds.
 */
export interface ImageEvaluation {
  readonly imageId: number;
  /** -1 where categories don't count. */
  readonly categoryId: number;
  /** `[D]`: positions in the results list, from 0. */
  readonly detections: Int32Array;
  /** `[D]` */
  readonly scores: Float64Array;
  /** `[G]`: annotation ids. */
  readonly truthIds: Float64Array;
  /** `[G]`: 1 for crowds. */
  readonly truthIgnored: Uint8Array;
  /** `[D, G]` */
  readonly ious: Float64Array;
  /** `[T, D]`: index of the truth that each detection is matched with, or -1. */
  readonly matches: Int32Array;
}

function imageEvaluation(prepared: PreparedEvaluation, group: ObjectGroup, matcher: DetectionMatcher): ImageEvaluation {
  const { parameters, truths, detections, overlaps } = prepared;
  const { detectionStart, detectionEnd, truthStart, truthEnd } = group;
  const detectionCount = detectionEnd - detectionStart;
  const truthCount = truthEnd - truthStart;
  const ious = new Float64Array(detectionCount * truthCount);
  const matches = new Int32Array(parameters.iouThresholds.length * detectionCount);
  const truthIgnored = truths.crowd.slice(truthStart, truthEnd);
  overlaps.fill(ious, detectionStart, detectionEnd, truthStart, truthEnd);
  matcher.start(ious, detectionCount, truthCount);
  matcher.match((truths.ignored[0] as Uint8Array).subarray(truthStart, truthEnd), truthIgnored, matches);
  return {
    imageId: parameters.imageIds[group.image] as number,
    categoryId: parameters.useCategories ? (parameters.categoryIds[group.category] as number) : -1,
    detections: detections.entries.slice(detectionStart, detectionEnd),
    scores: detections.scores.slice(detectionStart, detectionEnd),
    truthIds: truths.ids.slice(truthStart, truthEnd),
    truthIgnored,
    ious,
    matches,
  };
}

/** Matches of every image and category that has a truth or a detection, ordered by image id, then category id. */
export function imageEvaluations(prepared: PreparedEvaluation): ImageEvaluation[] {
  const matcher = new DetectionMatcher(prepared.parameters.iouThresholds);
  const groups = prepared.groups.flat().sort((a, b) => a.image - b.image || a.category - b.category);
  return groups.map((group) => imageEvaluation(prepared, group, matcher));
}
