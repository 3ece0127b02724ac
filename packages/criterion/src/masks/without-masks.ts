import { customGrad, type Scalar, scalar, type Tensor4D, zerosLike } from "@tensorflow/tfjs-core";

/**
 * The loss of a batch in which no mask is matched: 0, with a gradient of zeros, so that the batch is trained on like
 * any other.
 */
export function withoutMasks(predicted: Tensor4D): Scalar {
  return customGrad(() => ({ value: scalar(0), gradFunc: () => zerosLike(predicted) }))(predicted) as Scalar;
}
