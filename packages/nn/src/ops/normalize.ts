import { add, customGrad, mean, mul, rsqrt, square, sub, type Tensor, tidy } from "@tensorflow/tfjs-core";
import { expectTensor } from "../expect-tensor.ts";

/** Mean and biased variance of what was normalised; the normalised axes have size 1. */
export interface Statistics {
  readonly mean: Tensor;
  readonly variance: Tensor;
}

/**
 * `(input - mean) / sqrt(variance + epsilon)` with mean and biased variance over `axes`: the core of layer, group and
 * batch norm.
 *
 * @param onStatistics - called with mean and variance, which are freed when it returns
 */
export function normalize<T extends Tensor>(
  input: T,
  axes: readonly number[],
  epsilon: number,
  onStatistics?: (statistics: Statistics) => void,
): T {
  expectTensor(input, "normalize: input", "float32");
  const over = [...axes];
  const withGradient = customGrad((...inputs) => {
    const [x, save] = inputs as unknown as [T, (tensors: Tensor[]) => void];
    const average = mean(x, over, true);
    const centred = sub(x, average);
    const variance = mean(square(centred), over, true);
    onStatistics?.({ mean: average, variance });
    const inverse = rsqrt(add(variance, epsilon));
    const value = mul(centred, inverse);
    save([value, inverse]);
    return {
      value,
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const [value, inverse] = saved as [Tensor, Tensor];
        const parallel = mul(value, mean(mul(dy, value), over, true));
        return mul(inverse, sub(sub(dy, mean(dy, over, true)), parallel));
      },
    };
  });
  return tidy(() => withGradient(input) as T);
}
