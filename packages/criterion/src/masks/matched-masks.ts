import type { QueryMasks } from "@detrkit/boxes";
import type { Random } from "@detrkit/common";
import type { Tensor2D, Tensor4D } from "@tensorflow/tfjs-core";
import { forEachPair, type PredictionGroup } from "../prediction-group.ts";
import { chosenMasks } from "./chosen-masks.ts";
import { logitsOfPixels, signsOfPixels } from "./mask-pixels.ts";
import { drawPoints, type MaskPointsConfig } from "./mask-points.ts";
import { expectTargetMasks } from "./target-masks.ts";
import { logitsAtPoints, signsAtPoints } from "./values-at-points.ts";

/**
 * Mask logits of the matched queries, and their target masks. `N` matched pairs; `X` places of each: all pixels of the
 * padded images, or points between them. Beyond its image a mask is empty.
 */
export interface MatchedMasks {
  /** Interpolated from the predicted masks `[N, X]`, differentiable. */
  readonly logits: Tensor2D;
  /** `[N, X]`: 1 inside the object, -1 outside; at points near its outline between these. */
  readonly signs: Tensor2D;
  /** What the sum over pairs is divided by: the number of targets, at least 1, or the result of `averageBoxCount`. */
  readonly boxCount: number;
}

/** How points are drawn, and from which random numbers. */
export interface PointDraw {
  readonly points: Required<MaskPointsConfig>;
  readonly random: Random;
}

/**
 * The masks of matched queries at all pixels or, with `draw`, at points; undefined if nothing is matched. Call it
 * inside a `tidy`.
 *
 * @param predicted - mask logits `[B, Q, h, w]`, or what computes them for chosen queries
 */
export function matchMasks(
  predicted: Tensor4D | QueryMasks,
  group: PredictionGroup,
  draw: PointDraw | undefined,
): MatchedMasks | undefined {
  const size = expectTargetMasks(group);
  const chosen: number[] = [];
  forEachPair(group, (query) => chosen.push(query));
  const count = chosen.length;
  if (count === 0) return undefined;

  const { boxCount } = group;
  const logits = chosenMasks(predicted, chosen, group);
  if (draw === undefined) {
    return { logits: logitsOfPixels(logits, size), signs: signsOfPixels(size, group, count), boxCount };
  }
  const values = logits.dataSync<"float32">();
  const points = drawPoints(values, logits.shape, draw.points, draw.random);
  return {
    logits: logitsAtPoints(logits, values, points),
    signs: signsAtPoints(size, group, points, count),
    boxCount,
  };
}
