import type { DetectionTarget } from "@detrkit/boxes";
import type { ImagePrediction } from "./image-prediction.ts";

/** Settings of every cost that detrkit has. */
export interface CostOptions {
  /** Default as published. */
  readonly weight?: number;
}

/** One term of the cost of matching a query with a target. Write your own to match by something else. */
export interface MatchCost {
  /**
   * Adds this cost, times its weight, for each of `Q` queries and `T` targets.
   *
   * @param total - `[Q, T]` row-major, changed in place
   */
  addTo(total: Float64Array, prediction: ImagePrediction, target: DetectionTarget): void;
}
