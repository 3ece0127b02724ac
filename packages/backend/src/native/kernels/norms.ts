import { fusedKernels, type GroupNormAttributes, type LayerNormAttributes } from "@detrkit/nn";
import type { GroupNormGradientAttributes } from "../../gradients/norms.ts";
import { defineKernel } from "./define-kernel.ts";
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
  defineKernel<GroupNormGradientAttributes>(
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
}
