import { adamWKernels } from "./adamw/adamw.ts";
import { attentionKernels } from "./attention/attention.ts";
import { convolutionKernels } from "./convolution/convolution.ts";
import { deformableAttentionKernels } from "./deformable-attention/deformable-attention.ts";
import { dropoutKernels } from "./dropout/dropout.ts";
import { feedForwardKernels } from "./feed-forward/feed-forward.ts";
import { groupNormKernels } from "./group-norm/group-norm.ts";
import { layerNormKernels } from "./layer-norm/layer-norm.ts";
import { linearKernels } from "./linear/linear.ts";
import { maxPoolKernels } from "./max-pool/max-pool.ts";
import { multiHeadAttentionKernels } from "./multi-head-attention/multi-head-attention.ts";
import type { OpKernels } from "./op-kernels.ts";

/** Every op that has kernels. */
export const ops: readonly OpKernels[] = [
  adamWKernels,
  attentionKernels,
  convolutionKernels,
  deformableAttentionKernels,
  dropoutKernels,
  feedForwardKernels,
  groupNormKernels,
  layerNormKernels,
  linearKernels,
  maxPoolKernels,
  multiHeadAttentionKernels,
];
