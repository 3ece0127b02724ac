import { customGrad, type Scalar, scalar, type Tensor, zeros } from "@tensorflow/tfjs-core";

/**
 * The loss of a batch in which no mask is matched: 0, with a gradient of zeros, so that the batch is trained on like
 * any other.
 *
 * @param predicted - mask logits of any query: where masks are computed on demand, the parameters that compute them get
 *   their gradients of zeros by it
 */
export function withoutMasks(predicted: Tensor): Scalar {
  return customGrad(() => ({ value: scalar(0), gradFunc: () => zeros(predicted.shape) }))(predicted) as Scalar;
}
