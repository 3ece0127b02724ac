import { Random } from "@detrkit/common";
import { applyOperations, planTransforms, type TransformRecipe } from "@detrkit/datasets";
import { normalisationTable, normaliseInto, type RgbImage } from "@detrkit/image";
import type { PaddedBatch } from "@detrkit/nn";
import { tensor4d, zeros } from "@tensorflow/tfjs-core";

/** One decoded image as a batch of one, as evaluation would see it; its tensors are the caller's. */
export function prepareImage(image: RgbImage, { steps, normalisation }: TransformRecipe): PaddedBatch {
  // The transforms of a checkpoint draw nothing; the random numbers are there for the signature.
  const { operations, size } = planTransforms(steps, image, new Random(0));
  const values = new Float32Array(size.height * size.width * 3);
  normaliseInto(applyOperations(image, operations), normalisationTable(normalisation), values);
  return {
    images: tensor4d(values, [1, size.height, size.width, 3]),
    mask: zeros([1, size.height, size.width], "bool"),
    sizes: [size],
  };
}
