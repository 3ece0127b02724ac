import { ConfigError, ShapeError } from "@detrkit/common";
import { type GroupNormAttributes, groupNormGradientKernel, groupNormKernel, runKernel } from "@detrkit/nn/kernels";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { defineGradient, present, value } from "../../gradients/define-gradient.ts";
import { defineNativeKernel } from "../../native/define-kernel.ts";
import { floats } from "../../native/kernel-inputs.ts";
import { defineWasmKernel, requireShape } from "../../wasm/define-kernel.ts";
import type { KernelModule } from "../../wasm/kernel-module.ts";
import type { OpKernels } from "../op-kernels.ts";

const bytesPerFloat = 4;
const signature = { inputs: floats("input", "weight", "bias", "residual"), optional: 1 };

/** Attributes of the kernel of group norm's gradient. */
interface GroupNormGradientAttributes extends GroupNormAttributes {
  /** Whether the residual's gradient is wanted too. */
  readonly residual: boolean;
}

function registerGradient(): void {
  defineGradient<GroupNormAttributes>(groupNormKernel, { outputs: [0, 1, 2] }, ([dy], saved, attributes) => {
    const outputs = saved.length - 3;
    const [input, weight, , residual] = saved.slice(0, outputs);
    const [y, mean, scale] = saved.slice(outputs);
    const [dx, dweight, dbias, dresidual] = runKernel(
      groupNormGradientKernel,
      present(dy, input, y, weight, mean, scale),
      {
        ...attributes,
        residual: residual !== undefined,
      },
    );
    return [value(dx), value(dweight), value(dbias), ...(residual === undefined ? [] : [value(dresidual)])];
  });
}

/** Group norm: `group_norm.cc`. */
function registerNative(): void {
  defineNativeKernel<GroupNormAttributes>(groupNormKernel, signature, ({ inputs, attributes, backend, write }) =>
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
  defineNativeKernel<GroupNormGradientAttributes>(
    groupNormGradientKernel,
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

/** Group norm: `group-norm.as.ts`. Inputs input, weight, bias, residual or none. */
function registerWasm(module: KernelModule): void {
  defineWasmKernel<GroupNormAttributes>(groupNormKernel, ({ inputs, attributes: { groups, relu, epsilon } }) => {
    const [x, weight, bias, residual] = inputs as [TensorInfo, TensorInfo, TensorInfo, TensorInfo | undefined];
    const { images, cells, channels } = mapShape(x, groups);
    requireShape("group norm: weight", weight, [channels]);
    requireShape("group norm: bias", bias, [channels]);
    requireShape("group norm: residual", residual, x.shape);
    const outputs = [module.output(x.shape), module.output([images, channels]), module.output([images, channels])];
    const { free } = module.scratch(8 * channels * bytesPerFloat);
    const addresses = [x, residual, weight, bias, ...outputs].map((tensor) => module.at(tensor));
    module.run.groupNorm(...addresses, cells, channels, groups, Number(relu), epsilon, 0, images, free);
    return outputs;
  });
  // Inputs dy, x, y, weight, mean, 1/deviation.
  defineWasmKernel<GroupNormGradientAttributes>(
    groupNormGradientKernel,
    ({ inputs, attributes: { groups, relu, residual } }) => {
      const [dy, x, y, weight, mean, scale] = inputs as [
        TensorInfo,
        TensorInfo,
        TensorInfo,
        TensorInfo,
        TensorInfo,
        TensorInfo,
      ];
      const { images, cells, channels } = mapShape(x, groups);
      requireShape("group norm: dy", dy, x.shape);
      requireShape("group norm: y", y, x.shape);
      requireShape("group norm: weight", weight, [channels]);
      requireShape("group norm: mean", mean, [images, channels]);
      requireShape("group norm: scale", scale, [images, channels]);
      const [dx, dweight, dbias, dresidual] = [
        module.output(x.shape),
        module.output([channels]),
        module.output([channels]),
        module.output(residual ? x.shape : [0]),
      ];
      // Two doubles for each image's channels, then the kernel's working memory.
      const sumBytes = 16 * images * channels;
      const { free: sums } = module.scratch(sumBytes + 5 * channels * bytesPerFloat);
      const addresses = inputs.map((tensor) => module.at(tensor));
      const targets = [module.at(dx), residual ? module.at(dresidual) : 0, sums];
      module.run.groupNormGradient(
        ...addresses,
        ...targets,
        cells,
        channels,
        groups,
        Number(relu),
        0,
        images,
        sums + sumBytes,
      );
      module.run.groupNormParameterGradients(sums, images, channels, module.at(dweight), module.at(dbias));
      return [dx, dweight, dbias, dresidual];
    },
  );
}

function mapShape(
  { shape }: TensorInfo,
  groups: number,
): { readonly images: number; readonly cells: number; readonly channels: number } {
  const [images = 0, ...rest] = shape;
  const channels = rest.pop();
  if (channels === undefined) throw new ShapeError(`group norm: input expected [B, ..., C], got [${shape.join(", ")}]`);
  if (!(groups >= 1) || channels === 0 || channels % groups !== 0)
    throw new ConfigError(`group norm: ${groups} groups do not divide ${channels} channels`);
  return { images, cells: rest.reduce((product, size) => product * size, 1), channels };
}

/** Group norm, followed by residual and ReLU. */
export const groupNormKernels: OpKernels = {
  registerGradient,
  recordsFirstOutput: [groupNormKernel],
  registerNative,
  registerWasm,
};
