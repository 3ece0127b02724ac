// Kernels that are added to the WebAssembly backend's own: AssemblyScript with SIMD, compiled by
// tools/build-backend-kernels.mjs to src/wasm/kernels-wasm.ts. Not part of the TypeScript build. They work in the
// backend's own memory: addresses are those of tensors.
export { adamW, sumOfSquares } from "../ops/adamw/adamw.as";
export { attention, attentionGradient, attentionScratch } from "../ops/attention/attention.as";
export { convolution, convolutionFilterGradient, convolutionInputGradient } from "../ops/convolution/convolution.as";
export { deformableSampling, deformableSamplingGradient } from "../ops/deformable-attention/deformable-sampling.as";
export { dropout } from "../ops/dropout/dropout.as";
export { groupNorm, groupNormGradient, groupNormParameterGradients } from "../ops/group-norm/group-norm.as";
export { linear, linearInputGradient, linearWeightGradient, reluGradient, sumRows } from "../ops/linear/linear.as";
export { maxPool, maxPoolGradient } from "../ops/max-pool/max-pool.as";
export { layerNorm, layerNormGradient } from "../ops/layer-norm/layer-norm.as";
export { segmentSum } from "./segments.as";
import { GEMM_SCRATCH } from "../shared/gemm.as";

/** Bytes of working memory of a matrix product. */
export function productScratch(): i32 {
  return GEMM_SCRATCH << 2;
}
