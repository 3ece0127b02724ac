import { ConfigError, ShapeError } from "@detrkit/common";
import { fusedKernels, type GroupNormAttributes, type LayerNormAttributes } from "@detrkit/nn";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { GroupNormGradientAttributes } from "../../gradients/norms.ts";
import { defineKernel, matrixShape, requireShape } from "../define-kernel.ts";
import type { KernelModule } from "../kernel-module.ts";

const bytesPerFloat = 4;

/** Layer norm: `kernels/layer-norm.ts`. Inputs input, weight, bias, residual or none. */
export function registerLayerNorm(module: KernelModule): void {
  defineKernel<LayerNormAttributes>(fusedKernels.layerNorm, ({ inputs, attributes: { epsilon } }) => {
    const [x, weight, bias, residual] = inputs as [TensorInfo, TensorInfo, TensorInfo, TensorInfo | undefined];
    const { rows, columns } = matrixShape(x);
    requireShape("layer norm: weight", weight, [columns]);
    requireShape("layer norm: bias", bias, [columns]);
    requireShape("layer norm: residual", residual, x.shape);
    const outputs = [module.output(x.shape), module.output([rows]), module.output([rows])];
    const addresses = [x, residual, weight, bias, ...outputs].map((tensor) => module.at(tensor));
    module.run.layerNorm(...addresses, columns, epsilon, 0, rows);
    return outputs;
  });
  // Inputs dy, x, weight, mean, 1/deviation, residual or none.
  defineKernel<unknown>(fusedKernels.layerNormGradient, ({ inputs }) => {
    const [dy, x, weight, mean, scale, residual] = inputs as [
      TensorInfo,
      TensorInfo,
      TensorInfo,
      TensorInfo,
      TensorInfo,
      TensorInfo | undefined,
    ];
    const { rows, columns } = matrixShape(x);
    requireShape("layer norm: dy", dy, x.shape);
    requireShape("layer norm: weight", weight, [columns]);
    requireShape("layer norm: mean", mean, [rows]);
    requireShape("layer norm: scale", scale, [rows]);
    requireShape("layer norm: residual", residual, x.shape);
    const outputs = [module.output(x.shape), module.output([columns]), module.output([columns])];
    const { free } = module.scratch(columns * bytesPerFloat);
    module.run.layerNormGradient(
      ...[dy, x, residual, weight, mean, scale, ...outputs].map((tensor) => module.at(tensor)),
      columns,
      0,
      rows,
      free,
    );
    return outputs;
  });
}

/** Group norm: `kernels/group-norm.ts`. Inputs input, weight, bias, residual or none. */
export function registerGroupNorm(module: KernelModule): void {
  defineKernel<GroupNormAttributes>(fusedKernels.groupNorm, ({ inputs, attributes: { groups, relu, epsilon } }) => {
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
  defineKernel<GroupNormGradientAttributes>(
    fusedKernels.groupNormGradient,
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
      // Two doubles of each image's channels, then what the kernel works with.
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
