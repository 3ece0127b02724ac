import type { DetectionTarget } from "@detrkit/boxes";
import type { Match } from "@detrkit/matcher";

/** One layer's predictions for a batch in plain memory, and their targets. `B` images, `Q` queries, `C` classes. */
export interface PredictionGroup {
  /**
   * `decoder` is the last decoder layer; `auxiliary.0`, `auxiliary.1`, … those before it; `encoder` the proposals of a
   * two-stage model.
   */
  readonly layer: string;
  readonly images: number;
  readonly queries: number;
  readonly classes: number;
  /** `[B, Q, C]` row-major. */
  readonly logits: Float32Array;
  /** `[B, Q, 4]` row-major, cxcywh. */
  readonly boxes: Float32Array;
  readonly targets: readonly DetectionTarget[];
  readonly matches: readonly Match[];
  /** What box losses are divided by: the number of targets, at least 1. */
  readonly boxCount: number;
}

/** Derivatives with respect to a group's predictions, in the same layout. */
export interface PredictionGradient {
  readonly logits: Float32Array;
  readonly boxes: Float32Array;
}

/** A query that is matched with a target: its index among all `B·Q` queries of the group, and the target. */
export type VisitPair = (query: number, target: number, targets: DetectionTarget) => void;

/** Visits every matched pair of a group. */
export function forEachPair({ queries, targets, matches }: PredictionGroup, visit: VisitPair): void {
  matches.forEach((match, image) => {
    for (let pair = 0; pair < match.queries.length; pair++) {
      visit(
        image * queries + (match.queries[pair] as number),
        match.targets[pair] as number,
        targets[image] as DetectionTarget,
      );
    }
  });
}

/** Target class of each of the `B·Q` queries; `unmatched` for one without a target. */
export function classOfQueries(group: PredictionGroup, unmatched: number): Int32Array {
  const classes = new Int32Array(group.images * group.queries).fill(unmatched);
  forEachPair(group, (query, target, { labels }) => {
    classes[query] = labels[target] as number;
  });
  return classes;
}
