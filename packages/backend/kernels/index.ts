// The kernels that the WebAssembly backend gets, beside its own: AssemblyScript with SIMD, compiled by tools/build-backend-kernels.mjs to
// src/wasm/kernels-wasm.ts. Not part of the TypeScript build. They work in the backend's own memory: addresses are tensors'.
export { adamW, sumOfSquares } from "./adamw";
export { attention, attentionGradient, attentionScratch } from "./attention";
export { convolution, convolutionFilterGradient, convolutionInputGradient } from "./convolution";
export { deformableSampling, deformableSamplingGradient } from "./deformable";
export { dropout } from "./dropout";
export { groupNorm, groupNormGradient, groupNormParameterGradients } from "./group-norm";
export { linear, linearInputGradient, linearWeightGradient, reluGradient, sumRows } from "./linear";
export { maxPool, maxPoolGradient } from "./max-pool";
export { layerNorm, layerNormGradient } from "./layer-norm";
export { segmentSum } from "./segments";
import { GEMM_SCRATCH } from "./gemm";

/** Bytes of working memory of a matrix product. */
export function productScratch(): i32 {
  return GEMM_SCRATCH << 2;
}
