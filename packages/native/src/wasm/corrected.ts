import {
  backend_util,
  GatherV2,
  type GatherV2Attrs,
  getKernel,
  type KernelFunc,
  type NamedAttrMap,
  registerKernel,
  Sum,
  type TensorInfo,
  unregisterKernel,
  util,
} from "@tensorflow/tfjs-core";
import { wasmBackendName } from "./define-kernel.ts";
import type { KernelModule } from "./kernel-module.ts";

/**
 * Corrects kernels of tfjs's WebAssembly backend (4.22) that give wrong numbers: an empty sum is left uninitialised,
 * and a batched gather reads the first image's rows for every image, or beyond.
 */
export function correctKernels(module: KernelModule): void {
  correct(Sum, (original) => (call) => {
    const sums = original(call) as TensorInfo;
    const [x] = Object.values(call.inputs) as [TensorInfo];
    if (util.sizeFromShape(x.shape) === 0) module.integers(sums).fill(0);
    return sums;
  });
  correct(GatherV2, (original) => (call) => {
    const { batchDims } = call.attrs as unknown as GatherV2Attrs;
    return batchDims === 0 ? original(call) : gatherInBatch(module, original, call);
  });
}

function correct(kernelName: string, corrected: (original: KernelFunc) => KernelFunc): void {
  const config = getKernel(kernelName, wasmBackendName);
  // tfjs warns about a second registration.
  unregisterKernel(kernelName, wasmBackendName);
  registerKernel({ ...config, kernelFunc: corrected(config.kernelFunc) });
}

/** The batch `[B, O, S, D]` as one table of `B·O·S` rows, in which each index points to the rows of its image. */
function gatherInBatch(module: KernelModule, original: KernelFunc, call: Parameters<KernelFunc>[0]): TensorInfo {
  const { x, indices } = call.inputs as unknown as { readonly x: TensorInfo; readonly indices: TensorInfo };
  const { axis, batchDims } = call.attrs as unknown as GatherV2Attrs;
  const [parsedAxis = 0] = util.parseAxisParam(axis, x.shape);
  // tfjs-core's function takes tensors and reads their shapes only.
  const info = backend_util.segment_util.collectGatherOpShapeInfo(x as never, indices as never, parsedAxis, batchDims);
  const { batchSize, outerSize, dimSize, sliceSize, outputShape } = info;
  const each = util.sizeFromShape(indices.shape) / batchSize;
  const rows = module.output([batchSize * outerSize * each], "int32");
  const [wanted, places] = [module.integers(indices), module.integers(rows)];
  for (let group = 0; group < batchSize * outerSize; group++) {
    const first = Math.floor(group / outerSize) * each;
    for (let i = 0; i < each; i++) {
      const index = wanted[first + i] ?? 0;
      util.assert(
        index >= 0 && index < dimSize,
        () => `GatherV2: the index value ${index} is not in [0, ${dimSize - 1}]`,
      );
      places[group * each + i] = group * dimSize + index;
    }
  }
  const table: TensorInfo = { dataId: x.dataId, shape: [batchSize * outerSize * dimSize, sliceSize], dtype: x.dtype };
  const attrs = { axis: 0, batchDims: 0 } as unknown as NamedAttrMap;
  const gathered = original({ inputs: { x: table, indices: rows }, attrs, backend: call.backend }) as TensorInfo;
  module.dispose(rows);
  return { ...gathered, shape: outputShape };
}
