import type { Backbone, FeatureMap } from "@detrkit/backbone";
import type { Random } from "@detrkit/common";
import type { CallOptions, Module } from "@detrkit/nn";
import type { PositionEncoding } from "@detrkit/position-encoding";
import type { TransformerInputs, TransformerOutput } from "@detrkit/transformer";

/** What a detector needs of a transformer. Any module with this `call` can be one. */
export interface DetrTransformer extends Module {
  call(inputs: TransformerInputs, options?: CallOptions): TransformerOutput;
}

export interface DetrConfig {
  /** Its last level is used. */
  readonly backbone: Backbone;
  /** Its width is that of tokens and queries: the transformer's. */
  readonly positionEncoding: PositionEncoding;
  readonly transformer: DetrTransformer;
  /** Classes without "no object". */
  readonly numClasses: number;
  /** The most objects that can be found in one image. */
  readonly numQueries: number;
  /** Where the initial weights of projection, queries and heads are drawn from. */
  readonly random: Random;
}

export interface DetrCallOptions extends CallOptions {
  /**
   * Whether the outputs of the decoder layers before the last are computed too, for auxiliary losses. Default `true`.
   */
  readonly auxiliary?: boolean;
}

/** What the parts before the heads compute, for heads of one's own. */
export interface DetrFeatures extends TransformerOutput {
  /** The backbone's maps, from fine to coarse; the cells of the last one are the memory's tokens, row by row. */
  readonly maps: readonly FeatureMap[];
}
