import {
  backend_util,
  Conv2DBackpropFilter,
  type Conv2DBackpropFilterAttrs,
  registerKernel,
  type TensorInfo,
  UnsortedSegmentSum,
  type UnsortedSegmentSumAttrs,
  util,
} from "@tensorflow/tfjs-core";
import { wasmBackendName } from "./define-kernel.ts";
import type { KernelModule } from "./kernel-module.ts";
import { filterGradient, type Shape4 } from "../ops/convolution/wasm-convolution.ts";

/**
 * Registers kernels of tfjs that gradients need and its WebAssembly backend lacks: for direct calls of `conv2d` and
 * `gather`.
 */
export function registerMissingKernels(module: KernelModule): void {
  registerKernel({
    kernelName: Conv2DBackpropFilter,
    backendName: wasmBackendName,
    kernelFunc: ({ inputs, attrs }) => {
      const { x, dy } = inputs as unknown as { readonly x: TensorInfo; readonly dy: TensorInfo };
      const { strides, pad, dataFormat, dimRoundingMode, filterShape } = attrs as unknown as Conv2DBackpropFilterAttrs;
      const info = backend_util.computeConv2DInfo(
        x.shape as [number, number, number, number],
        filterShape,
        strides,
        1,
        pad,
        dimRoundingMode,
        false,
        backend_util.convertConv2DDataFormat(dataFormat),
      );
      if (info.dataFormat !== "channelsLast")
        throw new Error("Conv2DBackpropFilter: WebAssembly works on NHWC maps only");
      return filterGradient(module, x, dy, info.filterShape as Shape4, {
        outSize: [info.outHeight, info.outWidth],
        strides: [info.strideHeight, info.strideWidth],
        padding: [info.padInfo.top, info.padInfo.left],
        dilation: [1, 1],
      });
    },
  });
  registerKernel({
    kernelName: UnsortedSegmentSum,
    backendName: wasmBackendName,
    kernelFunc: ({ inputs, attrs }) => {
      const { x, segmentIds } = inputs as unknown as { readonly x: TensorInfo; readonly segmentIds: TensorInfo };
      const { numSegments } = attrs as unknown as UnsortedSegmentSumAttrs;
      const [rows = 0, ...row] = x.shape;
      const sums = module.output([numSegments, ...row]);
      module.run.segmentSum(
        module.at(x),
        module.at(segmentIds),
        module.at(sums),
        rows,
        util.sizeFromShape(row),
        numSegments,
      );
      return sums;
    },
  });
}
