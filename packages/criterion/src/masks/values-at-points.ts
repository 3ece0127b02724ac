import type { ImageSize } from "@detrkit/common";
import type { TargetMasks } from "@detrkit/boxes";
import { customGrad, type Tensor, type Tensor2D, tensor2d, type Tensor3D, tensor3d } from "@tensorflow/tfjs-core";
import { forEachPair, type PredictionGroup } from "../prediction-group.ts";
import { BilinearPlace } from "./bilinear-place.ts";
import { drawPadded } from "./target-masks.ts";

/**
 * Mask logits at points `[N, P]`, differentiable by the logits.
 *
 * @param logits - `[N, h, w]`
 * @param values - those of `logits`
 * @param points - `[N, P, 2]` row-major, as `drawPoints` returns them
 */
export function logitsAtPoints(logits: Tensor3D, values: Float32Array, points: Float32Array): Tensor2D {
  const { shape } = logits;
  const [count, height, width] = shape;
  const pointsEach = points.length / 2 / count;
  const pixels = height * width;
  const place = new BilinearPlace({ height, width });
  /** `visit` gets the point's index among all, and where its mask is among the values. */
  const forEachPoint = (visit: (point: number, from: number) => void): void => {
    for (let point = 0; point < count * pointsEach; point++) {
      place.moveTo(points[2 * point] as number, points[2 * point + 1] as number);
      visit(point, Math.floor(point / pointsEach) * pixels);
    }
  };
  const sampled = customGrad(() => {
    const found = new Float32Array(count * pointsEach);
    forEachPoint((point, from) => {
      found[point] = place.valueIn(values, from);
    });
    const gradFunc = (dy: Tensor): Tensor => {
      const amounts = dy.dataSync<"float32">();
      const gradient = new Float32Array(count * pixels);
      forEachPoint((point, from) => place.spread(amounts[point] as number, gradient, from));
      return tensor3d(gradient, shape);
    };
    return { value: tensor2d(found, [count, pointsEach]), gradFunc };
  });
  return sampled(logits) as Tensor2D;
}

/**
 * The target masks of `N` matched pairs at their points `[N, P]`, from 1 inside to -1 outside: bilinear between the
 * pixels of the padded image.
 *
 * @param points - `[N, P, 2]` row-major
 * @param count - `N`
 */
export function signsAtPoints(size: ImageSize, group: PredictionGroup, points: Float32Array, count: number): Tensor2D {
  const pointsEach = points.length / 2 / count;
  const signs = new Float32Array(count * pointsEach);
  const pixels = new Float32Array(size.height * size.width);
  const place = new BilinearPlace(size);
  let point = 0;
  forEachPair(group, (_, target, { masks }) => {
    drawPadded(masks as TargetMasks, target, size, pixels.fill(-1));
    for (const end = point + pointsEach; point < end; point++) {
      signs[point] = place.moveTo(points[2 * point] as number, points[2 * point + 1] as number).valueIn(pixels);
    }
  });
  return tensor2d(signs, [count, pointsEach]);
}
