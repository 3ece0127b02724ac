// For backends with kernels of their own: the names of the kernels of each op of this package, and their attributes.
export { maxPoolGradientKernel, maxPoolKernel } from "./layers/max-pool-2d.ts";
export { attentionGradientKernel, attentionKernel } from "./ops/attention.ts";
export {
  convolutionFilterGradientKernel,
  convolutionInputGradientKernel,
  convolutionKernel,
  reluGradientKernel,
} from "./ops/convolution.ts";
export { dropoutKernel } from "./ops/dropout.ts";
export { feedForwardGradientKernel, feedForwardKernel } from "./ops/feed-forward.ts";
export { groupNormGradientKernel, groupNormKernel } from "./ops/group-norm.ts";
export { layerNormGradientKernel, layerNormKernel } from "./ops/layer-norm.ts";
export { linearGradientKernel, linearKernel, linearReluKernel } from "./ops/linear.ts";
export { multiHeadAttentionGradientKernel, multiHeadAttentionKernel } from "./ops/multi-head-attention.ts";
export { runKernel } from "./tfjs-internals/index.ts";
export { hasKernel } from "./ops/has-kernel.ts";

export type { AttentionAttributes } from "./ops/attention.ts";
export type { ConvolutionAttributes } from "./ops/convolution.ts";
export type { DropoutAttributes } from "./ops/dropout.ts";
export type { FeedForwardAttributes } from "./ops/feed-forward.ts";
export type { GroupNormAttributes } from "./ops/group-norm.ts";
export type { LayerNormAttributes } from "./ops/layer-norm.ts";
export type { MultiHeadAttentionAttributes } from "./ops/multi-head-attention.ts";
export type { MaxPoolAttributes } from "./ops/window-shape.ts";
