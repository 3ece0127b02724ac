import { fusedKernels, type GroupNormAttributes, type LayerNormAttributes, runKernel } from "@detrkit/nn";
import type { Tensor } from "@tensorflow/tfjs-core";
import { defineGradient, defineKernel } from "./define-kernel.ts";
import { floats } from "./kernel-inputs.ts";

const signature = { inputs: floats("input", "weight", "bias", "residual"), optional: 1 };

/** Layer norm: `native/layer_norm.cc`. */
export function registerLayerNorm(): void {
  defineKernel<LayerNormAttributes>(fusedKernels.layerNorm, signature, ({ inputs, attributes, backend, write }) =>
    backend.executeMultipleOutputs(
      "DetrkitLayerNorm",
      [write.float("epsilon", attributes.epsilon), write.int("R", inputs.length - 3)],
      inputs,
      3,
    ),
  );
  const gradientSignature = { inputs: floats("dy", "input", "weight", "mean", "scale", "residual"), optional: 1 };
  defineKernel<unknown>(fusedKernels.layerNormGradient, gradientSignature, ({ inputs, backend, write }) =>
    backend.executeMultipleOutputs("DetrkitLayerNormGradient", [write.int("R", inputs.length - 5)], inputs, 3),
  );
  defineGradient<LayerNormAttributes>(fusedKernels.layerNorm, { outputs: [0, 1, 2] }, ([dy], saved) => {
    const outputs = saved.length - 3;
    const [input, weight, , residual] = saved.slice(0, outputs);
    const [, mean, scale] = saved.slice(outputs);
    const [dx, dweight, dbias] = runKernel(
      fusedKernels.layerNormGradient,
      present(dy, input, weight, mean, scale, residual),
      {},
    );
    // The sum of input and residual has one gradient; each of them gets a handle of its own, which may be disposed alone.
    return [value(dx), value(dweight), value(dbias), ...(residual === undefined ? [] : [() => value(dx)().clone()])];
  });
}

/** Group norm: `native/group_norm.cc`. */
export function registerGroupNorm(): void {
  defineKernel<GroupNormAttributes>(fusedKernels.groupNorm, signature, ({ inputs, attributes, backend, write }) =>
    backend.executeMultipleOutputs(
      "DetrkitGroupNorm",
      [
        write.int("groups", attributes.groups),
        write.int("relu", attributes.relu ? 1 : 0),
        write.float("epsilon", attributes.epsilon),
        write.int("R", inputs.length - 3),
      ],
      inputs,
      3,
    ),
  );
  const gradientSignature = { inputs: floats("dy", "input", "y", "weight", "mean", "scale") };
  defineKernel<GroupNormAttributes & { readonly residual: boolean }>(
    fusedKernels.groupNormGradient,
    gradientSignature,
    ({ inputs, attributes, backend, write }) =>
      backend.executeMultipleOutputs(
        "DetrkitGroupNormGradient",
        [
          write.int("groups", attributes.groups),
          write.int("relu", attributes.relu ? 1 : 0),
          write.int("residual", attributes.residual ? 1 : 0),
        ],
        inputs,
        4,
      ),
  );
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
