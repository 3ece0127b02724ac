import { customGrad, type Tensor, type Tensor4D, tidy, zeros, zerosLike } from "@tensorflow/tfjs-core";

/**
 * What a convolution sums up where its input or filter is empty: nothing, so zeros, whose gradients are zeros.
 * TensorFlow's kernels give it other shapes, and no gradient.
 *
 * @param shape - of the result
 */
export function convolutionOfNothing(
  input: Tensor4D,
  filter: Tensor4D,
  shape: readonly [number, number, number, number],
): Tensor4D {
  const withGradient = customGrad(() => ({
    value: zeros([...shape]),
    gradFunc: (): Tensor[] => [zerosLike(input), zerosLike(filter)],
  }));
  return tidy(() => withGradient(input, filter) as Tensor4D);
}
