import { customGrad, type Tensor, type Tensor4D, tidy, zeros, zerosLike } from "@tensorflow/tfjs-core";

/**
 * The result of a convolution whose input or filter is empty: zeros, with gradients of zeros. TensorFlow's kernels
 * return other shapes, and have no gradient.
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
