import { ConfigError, type Random } from "@detrkit/common";
import type { Tensor3D } from "@tensorflow/tfjs-core";
import { BilinearPlace } from "./bilinear-place.ts";

/** Settings of mask losses at points. */
export interface MaskPointsConfig {
  /** Points of each mask, 1 or more. */
  readonly count: number;
  /** Random points that are drawn for each one that is kept for its uncertainty, 1 or more. Default 3. */
  readonly oversampling?: number;
  /** Share of the points that are the most uncertain of those drawn; the rest is random. Default 0.75. */
  readonly uncertainShare?: number;
}

/** {@link MaskPointsConfig} with its defaults. @throws ConfigError where a number is out of range */
export function completeMaskPoints(config: MaskPointsConfig): Required<MaskPointsConfig> {
  const { count, oversampling = 3, uncertainShare = 0.75 } = config;
  if (!Number.isInteger(count) || count < 1)
    throw new ConfigError(`SetCriterion: maskPoints.count expected a whole number from 1, got ${count}`);
  if (!(oversampling >= 1) || !(uncertainShare >= 0 && uncertainShare <= 1)) {
    throw new ConfigError(
      "SetCriterion: maskPoints expected oversampling >= 1 and uncertainShare in [0, 1], " +
        `got ${oversampling} and ${uncertainShare}`,
    );
  }
  return { count, oversampling, uncertainShare };
}

/**
 * Draws points for each mask as PointRend does in training (Kirillov et al. 2020, section 3.1): many at random, of
 * which those are kept where the mask's probability is nearest to 1/2, and some more at random.
 *
 * @param logits - values of `[N, h, w]`
 * @returns `[N, P, 2]` row-major: x and y from 0 to 1, of the padded images' width and height
 */
export function drawPoints(
  logits: Float32Array,
  [count, height, width]: Tensor3D["shape"],
  { count: pointsEach, oversampling, uncertainShare }: Required<MaskPointsConfig>,
  random: Random,
): Float32Array {
  const uncertain = Math.floor(pointsEach * uncertainShare);
  const candidates = new Float32Array(2 * Math.ceil(pointsEach * oversampling));
  const certainty = new Float32Array(candidates.length / 2);
  const place = new BilinearPlace({ height, width });
  const points = new Float32Array(2 * count * pointsEach);
  for (let mask = 0; mask < count; mask++) {
    const map = logits.subarray(mask * height * width, (mask + 1) * height * width);
    const drawn = points.subarray(2 * mask * pointsEach, 2 * (mask + 1) * pointsEach);
    for (let at = 0; at < drawn.length; at++) drawn[at] = random.uniform();
    if (uncertain === 0) continue;
    for (let at = 0; at < candidates.length; at++) candidates[at] = random.uniform();
    for (let at = 0; at < certainty.length; at++) {
      certainty[at] = Math.abs(
        place.moveTo(candidates[2 * at] as number, candidates[2 * at + 1] as number).valueIn(map),
      );
    }
    smallest(certainty, uncertain).forEach((candidate, at) => {
      drawn.set(candidates.subarray(2 * candidate, 2 * candidate + 2), 2 * at);
    });
  }
  return points;
}

/** Positions of the `count` smallest values, in order of position; among equal ones the first. */
function smallest(values: Float32Array, count: number): Int32Array {
  const limit = values.slice().sort()[count - 1] as number;
  const found = new Int32Array(count);
  let left = count - values.reduce((below, value) => below + (value < limit ? 1 : 0), 0);
  let at = 0;
  values.forEach((value, position) => {
    if (at === count || value > limit || (value === limit && left === 0)) return;
    if (value === limit) left -= 1;
    found[at] = position;
    at += 1;
  });
  return found;
}
