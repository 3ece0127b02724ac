export { expectInteger, expectRate } from "./expect-number.ts";
export { expectShape } from "./expect-shape.ts";
export { expectFloats, expectTensor } from "./expect-tensor.ts";
export {
  constant,
  inverseRootFanIn,
  kaimingNormal,
  kaimingUniform,
  normal,
  uniform,
  xavierNormal,
  xavierUniform,
} from "./initializers.ts";
export { BatchNorm } from "./layers/batch-norm.ts";
export { Conv2d } from "./layers/conv2d.ts";
export { Dropout } from "./layers/dropout.ts";
export { Embedding } from "./layers/embedding.ts";
export { FeedForward } from "./layers/feed-forward.ts";
export { FrozenBatchNorm } from "./layers/frozen-batch-norm.ts";
export { GroupNorm } from "./layers/group-norm.ts";
export { LayerNorm } from "./layers/layer-norm.ts";
export { Linear } from "./layers/linear.ts";
export { MaxPool2d } from "./layers/max-pool-2d.ts";
export { Mlp } from "./layers/mlp.ts";
export { MultiHeadAttention } from "./layers/multi-head-attention.ts";
export { Module } from "./module.ts";
export type { MovedPath } from "./module.ts";
export { activate, gelu } from "./ops/activation.ts";
export { attentionWeights } from "./ops/attention-weights.ts";
export { attention, weightedValues } from "./ops/attention.ts";
export { convolution } from "./ops/convolution.ts";
export { dropout } from "./ops/dropout.ts";
export { feedForward } from "./ops/feed-forward.ts";
export { groupNorm } from "./ops/group-norm.ts";
export { isRecordingGradients } from "./tfjs-internals/index.ts";
export { layerNorm } from "./ops/layer-norm.ts";
export { linear } from "./ops/linear.ts";
export { multiHeadAttention } from "./ops/multi-head-attention.ts";
export { normalize } from "./ops/normalize.ts";
export { convolutionShape, leastSliding, poolShape } from "./ops/window-shape.ts";
export { Parameter } from "./parameter.ts";
export { pathPattern } from "./path-pattern.ts";
export { asInInference, tidyRecord, withoutGradient } from "./scopes.ts";

export type { CallOptions } from "./call-options.ts";
export type { Initializer, InitializerContext, KaimingOptions } from "./initializers.ts";
export type { BatchNormConfig } from "./layers/batch-norm.ts";
export type { Conv2dConfig } from "./layers/conv2d.ts";
export type { DropoutConfig } from "./layers/dropout.ts";
export type { EmbeddingConfig } from "./layers/embedding.ts";
export type { FeedForwardConfig } from "./layers/feed-forward.ts";
export type { FrozenBatchNormConfig, ScaleAndShift } from "./layers/frozen-batch-norm.ts";
export type { GroupNormConfig } from "./layers/group-norm.ts";
export type { LayerNormConfig } from "./layers/layer-norm.ts";
export type { LinearConfig } from "./layers/linear.ts";
export type { MaxPool2dConfig } from "./layers/max-pool-2d.ts";
export type { MlpConfig } from "./layers/mlp.ts";
export type { MultiHeadAttentionConfig, WeightedAttention } from "./layers/multi-head-attention.ts";
export type { Activation } from "./ops/activation.ts";
export type { AttentionWeightsInputs } from "./ops/attention-weights.ts";
export type { AttentionOperands } from "./ops/attention.ts";
export type { ConvolutionOptions } from "./ops/convolution.ts";
export type { FeedForwardOptions, FeedForwardWeights } from "./ops/feed-forward.ts";
export type { GroupNormOptions } from "./ops/group-norm.ts";
export type {
  AttentionProjection,
  AttentionProjections,
  MultiHeadAttentionInputs,
  MultiHeadAttentionOptions,
} from "./ops/multi-head-attention.ts";
export type { Statistics } from "./ops/normalize.ts";
export type { MapShape, Sliding } from "./ops/window-shape.ts";
export { paddingMaskOf } from "./padded-batch.ts";
export type { ImageSize } from "@detrkit/common";
export type { PaddedBatch } from "./padded-batch.ts";
export type { ParameterKind } from "./parameter.ts";
