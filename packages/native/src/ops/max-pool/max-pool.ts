import { ConfigError, ShapeError } from "@detrkit/common";
import { poolShape } from "@detrkit/nn";
import { type MaxPoolAttributes, maxPoolGradientKernel, maxPoolKernel, runKernel } from "@detrkit/nn/kernels";
import type { OpAttribute } from "@detrkit/nn/tfjs-internals";
import type { Tensor, TensorInfo } from "@tensorflow/tfjs-core";
import { defineGradient } from "../../gradients/define-gradient.ts";
import type { AttributeWriter } from "../../native/attributes.ts";
import { defineNativeKernel } from "../../native/define-kernel.ts";
import { floats } from "../../native/kernel-inputs.ts";
import { defineWasmKernel, requireShape } from "../../wasm/define-kernel.ts";
import type { KernelModule } from "../../wasm/kernel-module.ts";
import type { OpKernels } from "../op-kernels.ts";

function registerGradient(): void {
  defineGradient<MaxPoolAttributes>(maxPoolKernel, { outputs: [0] }, ([dy], [input, output], attributes) => [
    () => runKernel(maxPoolGradientKernel, [dy, input, output] as Tensor[], attributes)[0] as Tensor,
  ]);
}

/** Max pooling with symmetric padding: `max_pool.cc`. */
function registerNative(): void {
  defineNativeKernel<MaxPoolAttributes>(
    maxPoolKernel,
    { inputs: floats("input") },
    ({ inputs, attributes, backend, write }) =>
      backend.executeSingleOutput("DetrkitMaxPool", opAttributes(inputs[0] as Tensor, attributes, write), inputs),
  );
  defineNativeKernel<MaxPoolAttributes>(
    maxPoolGradientKernel,
    { inputs: floats("dy", "input", "y") },
    ({ inputs, attributes, backend, write }) =>
      backend.executeSingleOutput(
        "DetrkitMaxPoolGradient",
        opAttributes(inputs[1] as Tensor, attributes, write),
        inputs,
      ),
  );
}

function opAttributes(input: Tensor, attributes: MaxPoolAttributes, write: AttributeWriter): OpAttribute[] {
  poolShape(input.shape, attributes);
  const { window, stride, padding } = attributes;
  return [write.int("window", window), write.int("stride", stride), write.int("padding", padding)];
}

/** Max pooling with symmetric padding: `max-pool.as.ts`. */
function registerWasm(module: KernelModule): void {
  defineWasmKernel<MaxPoolAttributes>(maxPoolKernel, ({ inputs, attributes }) => {
    const [x] = inputs as [TensorInfo];
    const { images, outHeight, outWidth, channels, integers } = sizesOf(x, attributes);
    const y = module.output([images, outHeight, outWidth, channels]);
    module.run.maxPool(module.at(x), module.at(y), ...integers, 0, images);
    return y;
  });
  // Inputs dy, x, y.
  defineWasmKernel<MaxPoolAttributes>(maxPoolGradientKernel, ({ inputs, attributes }) => {
    const [dy, x, y] = inputs as [TensorInfo, TensorInfo, TensorInfo];
    const { images, outHeight, outWidth, channels, integers } = sizesOf(x, attributes);
    requireShape("max pool: dy", dy, [images, outHeight, outWidth, channels]);
    requireShape("max pool: y", y, [images, outHeight, outWidth, channels]);
    const dx = module.output(x.shape);
    const { free } = module.scratch(4 * channels);
    module.run.maxPoolGradient(
      ...inputs.map((tensor) => module.at(tensor)),
      module.at(dx),
      ...integers,
      0,
      images,
      free,
    );
    return dx;
  });
}

function sizesOf({ shape }: TensorInfo, { window, stride, padding }: MaxPoolAttributes) {
  if (shape.length !== 4) throw new ShapeError(`max pool: input expected [B, H, W, C], got [${shape.join(", ")}]`);
  const [images, height, width, channels] = shape as [number, number, number, number];
  if (Math.min(height, width) + 2 * padding < window)
    throw new ConfigError(
      `max pool: a window of ${window} does not fit into [${shape.join(", ")}] padded by ${padding}`,
    );
  const [outHeight, outWidth] = [height, width].map(
    (size) => Math.floor((size + 2 * padding - window) / stride) + 1,
  ) as [number, number];
  return {
    images,
    outHeight,
    outWidth,
    channels,
    integers: [height, width, channels, outHeight, outWidth, window, stride, padding],
  };
}

/** Max pooling with symmetric padding. */
export const maxPoolKernels: OpKernels = { registerGradient, registerNative, registerWasm };
