import { Random } from "@detrkit/common";
import {
  applyOperations,
  normalisationTable,
  normaliseInto,
  planTransforms,
  type RgbImage,
  type TransformRecipe,
} from "@detrkit/image/pixels";
import { type PaddedBatch, paddingMaskOf } from "@detrkit/nn";
import { tensor3d, tensor4d } from "@tensorflow/tfjs-core";

/**
 * Makes the batch that a model takes: images transformed, normalised, and padded to the largest of them. `B` images, `H
 * W` the largest height and width.
 *
 * @returns images `[B, H, W, 3]`, padding mask `[B, H, W]`, true on padding; both are the caller's
 */
export function prepareImages(images: readonly RgbImage[], { steps, normalisation }: TransformRecipe): PaddedBatch {
  // The transforms of inference draw nothing; only those of training use random numbers.
  const plans = images.map((image) => planTransforms(steps, image, new Random(0)));
  const sizes = plans.map(({ size }) => size);
  const padded = {
    height: Math.max(...sizes.map(({ height }) => height)),
    width: Math.max(...sizes.map(({ width }) => width)),
  };
  const pixels = padded.height * padded.width;
  const values = new Float32Array(images.length * pixels * 3);
  const table = normalisationTable(normalisation);
  images.forEach((image, index) => {
    const { operations } = plans[index] as (typeof plans)[number];
    const place = values.subarray(index * pixels * 3, (index + 1) * pixels * 3);
    normaliseInto(applyOperations(image, operations), table, place, padded);
  });
  const shape: [number, number, number] = [images.length, padded.height, padded.width];
  return {
    images: tensor4d(values, [...shape, 3]),
    paddingMask: tensor3d(paddingMaskOf(sizes, padded), shape, "bool"),
    sizes,
  };
}
