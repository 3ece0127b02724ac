import {
  Add,
  type GradConfig,
  getGradient,
  Identity,
  registerGradient,
  type Tensor,
  util,
} from "@tensorflow/tfjs-core";

/**
 * The gradients of a sum and of a copy are the upstream gradient. tfjs runs TensorFlow's Reshape or Cast on it, a large
 * part of all ops in a small model's backward pass; a second handle on the same data is enough.
 */
export function registerLeanGradients(): void {
  registerGradient({ kernelName: Identity, gradFunc: (dy) => ({ x: () => (dy as Tensor).clone() }) });
  const sum = getGradient(Add) as GradConfig;
  registerGradient({
    ...sum,
    gradFunc: (dy, saved, attributes) => {
      const upstream = dy as Tensor;
      const broadcasting = sum.gradFunc(dy, saved, attributes);
      const passed = ([name, reduce]: [string, () => Tensor], index: number): [string, () => Tensor] => [
        name,
        util.arraysEqual((saved[index] as Tensor).shape, upstream.shape) ? () => upstream.clone() : reduce,
      ];
      return Object.fromEntries(Object.entries(broadcasting).map(passed));
    },
  });
}
