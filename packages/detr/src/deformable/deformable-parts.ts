import type { Backbone } from "@detrkit/backbone";
import type { Random } from "@detrkit/common";
import type { CallOptions, Module } from "@detrkit/nn";
import type { PositionEncoding } from "@detrkit/position-encoding";
import type { DecoderInputs, EncoderInputs } from "@detrkit/transformer";
import type { Tensor3D, Tensor4D } from "@tensorflow/tfjs-core";
import type { DetrOutput } from "../detr-output.ts";
import type { EncoderProposals } from "./starting-queries.ts";

/**
 * What a Deformable DETR needs of a transformer: a `Transformer` with sampling attentions and without the decoder's
 * norm is one.
 */
export interface DeformableTransformer extends Module {
  readonly encoder: { call(inputs: EncoderInputs, options?: CallOptions): Tensor3D };
  readonly decoder: {
    readonly layers: readonly unknown[];
    call(inputs: DecoderInputs, options?: CallOptions): Tensor4D;
  };
}

export interface DeformableDetrConfig {
  /** All of its levels are used. */
  readonly backbone: Backbone;
  /** Its width is that of tokens and queries: the transformer's. */
  readonly positionEncoding: PositionEncoding;
  /** Its attentions sample `featureLevels` levels. */
  readonly transformer: DeformableTransformer;
  /**
   * Levels that are looked at: the backbone's, and beyond these further ones, each half as high and wide as the one
   * before. Default the backbone's.
   */
  readonly featureLevels?: number;
  /** Groups of the norms after the input projections, a divisor of the width. Default 32. */
  readonly projectionGroups?: number;
  /** Whether each decoder layer corrects the boxes of the layer before it. Default false. */
  readonly boxRefinement?: boolean;
  /** Whether the queries start from the encoder's best proposals. Needs `boxRefinement`. Default false. */
  readonly twoStage?: boolean;
  readonly numClasses: number;
  /** Predictions for each image. */
  readonly numQueries: number;
  /** Where the initial weights of everything but backbone, position encoding and transformer are drawn from. */
  readonly random: Random;
}

/**
 * What the parts after the feature levels compute. `B` images, `S` tokens, `Q` queries, `D` width, `L` decoder layers.
 */
export interface DeformableDetrDetails {
  readonly output: DetrOutput;
  /** The encoder's result `[B, S, D]`. */
  readonly memory: Tensor3D;
  /** Queries after each decoder layer `[L, B, Q, D]`. */
  readonly states: Tensor4D;
  /** Where the first decoder layer looks, before the sigmoid: points `[B, Q, 2]` or boxes `[B, Q, 4]`. */
  readonly reference: Tensor3D;
  readonly proposals?: EncoderProposals;
}
