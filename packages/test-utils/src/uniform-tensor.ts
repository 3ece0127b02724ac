import { Random } from "@detrkit/common";
import { type Rank, type ShapeMap, type Tensor, tensor } from "@tensorflow/tfjs-core";

/** A float32 tensor of random numbers in `[low, high)`, the same for the same seed. The caller frees it. */
export function uniformTensor<TensorRank extends Rank>(
  shape: ShapeMap[TensorRank],
  { seed, low = -1, high = 1 }: { readonly seed: number; readonly low?: number; readonly high?: number },
): Tensor<TensorRank> {
  const random = new Random(seed);
  const size = (shape as readonly number[]).reduce((product, length) => product * length, 1);
  return tensor<TensorRank>(
    Float32Array.from({ length: size }, () => random.uniform(low, high)),
    shape,
    "float32",
  );
}
