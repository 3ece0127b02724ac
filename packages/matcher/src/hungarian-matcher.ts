import type { DetectionTarget, LayerPrediction } from "@detrkit/boxes";
import { ConfigError, DetrkitError, ShapeError } from "@detrkit/common";
import { expectFinitePrediction, expectUsableTarget } from "./expect-matchable.ts";
import type { ImagePrediction, Match } from "./image-prediction.ts";
import { linearSumAssignment } from "./linear-sum-assignment.ts";
import type { MatchCost } from "./match-cost.ts";

/** Decides, image by image and without gradient, which query predicts which target. */
export interface Matcher {
  /**
   * The pairs of one image, sorted by query: each query at most once. Each target at most once too, but for matchers
   * that give a target to several queries.
   */
  matchImage(prediction: ImagePrediction, target: DetectionTarget): Match;
}

/** Settings of {@link HungarianMatcher}. */
export interface HungarianMatcherConfig {
  /** The terms of the cost of matching a query with a target; they are summed. */
  readonly costs: readonly MatchCost[];
}

/**
 * Matches queries to targets one to one with the lowest sum of costs. The other queries (or targets, if an image has
 * more targets than queries) stay unmatched.
 */
export class HungarianMatcher implements Matcher {
  readonly costs: readonly MatchCost[];

  constructor({ costs }: HungarianMatcherConfig) {
    if (costs.length === 0)
      throw new ConfigError("HungarianMatcher: costs is empty; give at least one, e.g. boxL1({ weight: 5 })");
    this.costs = costs;
  }

  /**
   * Matches a batch of `B` images.
   *
   * @param output - logits `[B, Q, C]` and boxes `[B, Q, 4]`
   * @param targets - one for each image
   * @returns per image, `min(Q, T)` pairs sorted by query
   */
  async match({ logits, boxes }: LayerPrediction, targets: readonly DetectionTarget[]): Promise<Match[]> {
    const [images, queries, classes] = logits.shape;
    if (boxes.shape.join() !== [images, queries, 4].join()) {
      throw new ShapeError(
        `HungarianMatcher.match: boxes expected [${images}, ${queries}, 4], got [${boxes.shape.join(", ")}]`,
      );
    }
    if (targets.length !== images)
      throw new ShapeError(`HungarianMatcher.match: expected targets for ${images} images, got ${targets.length}`);
    const [logitValues, boxValues] = await Promise.all([logits.data<"float32">(), boxes.data<"float32">()]);
    return targets.map((target, image) => {
      const prediction = {
        queries,
        classes,
        logits: logitValues.subarray(image * queries * classes, (image + 1) * queries * classes),
        boxes: boxValues.subarray(image * queries * 4, (image + 1) * queries * 4),
      };
      return namingFault(`HungarianMatcher.match: image ${image}`, () => this.matchImage(prediction, target));
    });
  }

  /** Matches one image whose predictions are in plain memory already. */
  matchImage(prediction: ImagePrediction, target: DetectionTarget): Match {
    expectFinitePrediction(prediction);
    expectUsableTarget(target, prediction.classes);
    const { rows, columns } = linearSumAssignment(
      this.costMatrix(prediction, target),
      prediction.queries,
      target.labels.length,
    );
    return { queries: rows, targets: columns };
  }

  /** The cost of each of `Q` queries with each of `T` targets: `[Q, T]` row-major. */
  costMatrix(prediction: ImagePrediction, target: DetectionTarget): Float64Array {
    const total = new Float64Array(prediction.queries * target.labels.length);
    if (total.length > 0) for (const cost of this.costs) cost.addTo(total, prediction, target);
    return total;
  }
}

/** Prefixes the message of an error that detrkit throws with the place; its class and code stay. */
export function namingFault<Result>(place: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (!DetrkitError.isInstance(error)) throw error;
    throw new DetrkitError(error.code, `${place}: ${error.message}`, { cause: error });
  }
}
