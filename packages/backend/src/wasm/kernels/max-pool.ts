import { ConfigError, ShapeError } from "@detrkit/common";
import { fusedKernels, type MaxPoolAttributes } from "@detrkit/nn";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { defineKernel, requireShape } from "../define-kernel.ts";
import type { KernelModule } from "../kernel-module.ts";

/** Max pooling with symmetric padding: `kernels/max-pool.ts`. */
export function registerMaxPool(module: KernelModule): void {
  defineKernel<MaxPoolAttributes>(fusedKernels.maxPool, ({ inputs, attributes }) => {
    const [x] = inputs as [TensorInfo];
    const { images, outHeight, outWidth, channels, integers } = sizesOf(x, attributes);
    const y = module.output([images, outHeight, outWidth, channels]);
    module.run.maxPool(module.at(x), module.at(y), ...integers, 0, images);
    return y;
  });
  // Inputs dy, x, y.
  defineKernel<MaxPoolAttributes>(fusedKernels.maxPoolGradient, ({ inputs, attributes }) => {
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
