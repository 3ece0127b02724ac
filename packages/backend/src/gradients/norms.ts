import { fusedKernels, type GroupNormAttributes, type LayerNormAttributes, runKernel } from "@detrkit/nn";
import type { Tensor } from "@tensorflow/tfjs-core";
import { defineGradient } from "./define-gradient.ts";

export function registerLayerNormGradient(): void {
  defineGradient<LayerNormAttributes>(fusedKernels.layerNorm, { outputs: [0, 1, 2] }, ([dy], saved) => {
    const outputs = saved.length - 3;
    const [input, weight, , residual] = saved.slice(0, outputs);
    const [, mean, scale] = saved.slice(outputs);
    const [dx, dweight, dbias] = runKernel(
      fusedKernels.layerNormGradient,
      present(dy, input, weight, mean, scale, residual),
      {},
    );
    // The sum of input and residual has one gradient; each of them gets a handle of its own, which may be disposed
    // alone.
    return [value(dx), value(dweight), value(dbias), ...(residual === undefined ? [] : [() => value(dx)().clone()])];
  });
}

/** What the kernel of group norm's gradient is told beside the attributes of group norm. */
export interface GroupNormGradientAttributes extends GroupNormAttributes {
  /** Whether the residual's gradient is wanted too. */
  readonly residual: boolean;
}

export function registerGroupNormGradient(): void {
  defineGradient<GroupNormAttributes>(fusedKernels.groupNorm, { outputs: [0, 1, 2] }, ([dy], saved, attributes) => {
    const outputs = saved.length - 3;
    const [input, weight, , residual] = saved.slice(0, outputs);
    const [y, mean, scale] = saved.slice(outputs);
    const [dx, dweight, dbias, dresidual] = runKernel(
      fusedKernels.groupNormGradient,
      present(dy, input, y, weight, mean, scale),
      {
        ...attributes,
        residual: residual !== undefined,
      },
    );
    return [value(dx), value(dweight), value(dbias), ...(residual === undefined ? [] : [value(dresidual)])];
  });
}

function present(...tensors: readonly (Tensor | undefined)[]): Tensor[] {
  return tensors.filter((tensor) => tensor !== undefined);
}

function value(tensor: Tensor | undefined): () => Tensor {
  return () => tensor as Tensor;
}
