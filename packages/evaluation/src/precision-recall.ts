/** Outcomes of a detection. */
export const falsePositive = 0;
export const truePositive = 1;
/** Matched to a crowd or to a truth of another size, or unmatched and of another size: neither right nor wrong. */
export const notCounted = 2;

// Added to the denominator so that 0 / 0 gives 0; it is below the last bit of any other sum.
const tiny = Number.EPSILON;

/** Detections of one category over all images. `T` IoU thresholds, `D` detections. */
export interface RankedOutcomes {
  /** `[D]`: the detections in order of descending score. */
  readonly order: Int32Array;
  readonly scores: Float64Array;
  /** `[T, D]`: one of the three outcomes above. */
  readonly outcomes: Uint8Array;
  /** Truths that count; more than 0. */
  readonly truths: number;
}

/** One column of a table, where a curve is written to. */
export interface CurveColumn {
  readonly table: Float64Array;
  readonly start: number;
  readonly stride: number;
}

/**
 * Precision at given recalls for one IoU threshold: the best precision of any later point of the curve. `R` recall
 * thresholds.
 * @param precision - receives `[R]`; 0 where that recall is not reached
 * @param score - receives `[R]`: the score of the detection that reaches it
 * @returns the recall of all detections together
 */
export function readPrecision(
  ranked: RankedOutcomes,
  threshold: number,
  recallThresholds: Float64Array,
  precision: CurveColumn,
  score: CurveColumn | undefined,
): number {
  const { order, scores, outcomes, truths } = ranked;
  const count = order.length;
  const row = threshold * count;
  const recalls = new Float64Array(count);
  const precisions = new Float64Array(count);
  let right = 0;
  let wrong = 0;
  for (let rank = 0; rank < count; rank++) {
    const outcome = outcomes[row + (order[rank] as number)];
    if (outcome === truePositive) right++;
    else if (outcome === falsePositive) wrong++;
    recalls[rank] = right / truths;
    precisions[rank] = right / (wrong + right + tiny);
  }
  for (let rank = count - 1; rank > 0; rank--) {
    if ((precisions[rank] as number) > (precisions[rank - 1] as number))
      precisions[rank - 1] = precisions[rank] as number;
  }
  let rank = 0;
  for (let index = 0; index < recallThresholds.length; index++) {
    while (rank < count && (recalls[rank] as number) < (recallThresholds[index] as number)) rank++;
    precision.table[precision.start + index * precision.stride] = rank < count ? (precisions[rank] as number) : 0;
    if (score)
      score.table[score.start + index * score.stride] = rank < count ? (scores[order[rank] as number] as number) : 0;
  }
  return right / truths;
}
