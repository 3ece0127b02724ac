import type { Backbone } from "@detrkit/backbone";
import { ConfigError, type Random } from "@detrkit/common";
import { type CallOptions, expectInteger, type Module } from "@detrkit/nn";
import type { PositionEncoding } from "@detrkit/position-encoding";
import type { MaskHead } from "@detrkit/segmentation";
import type { DecoderInputs, EncoderInputs } from "@detrkit/transformer";
import type { Tensor3D, Tensor4D } from "@tensorflow/tfjs-core";
import type { DetrOutput } from "../detection-model.ts";
import type { EncoderProposals } from "./queries.ts";

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

/** The built parts of a {@link DeformableDetr}, and its sizes. */
export interface DeformableDetrParts {
  readonly backbone: Backbone;
  /**
   * Which of the backbone's levels the transformer sees, in ascending order, the last one among them. Default all. A
   * mask head goes up through all of them.
   */
  readonly transformerLevels?: readonly number[];
  /** Its width is that of tokens and queries: the transformer's. */
  readonly positionEncoding: PositionEncoding;
  /** Its attentions sample `featureLevels` levels. */
  readonly transformer: DeformableTransformer;
  /** Makes masks of the queries. Default none: boxes only. */
  readonly maskHead?: MaskHead | undefined;
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

/** Of the published models. */
export const defaultProjectionGroups = 32;

/** Positions of the backbone's levels that the transformer sees. */
export function seenLevels({
  backbone,
  transformerLevels = backbone.levels.map((_, level) => level),
}: Pick<DeformableDetrParts, "backbone" | "transformerLevels">): readonly number[] {
  return transformerLevels;
}

/** @throws ConfigError when the parts do not fit together */
export function checkDeformableConfig(config: DeformableDetrParts): void {
  const {
    positionEncoding,
    transformerLevels,
    featureLevels = seenLevels(config).length,
    projectionGroups = defaultProjectionGroups,
    boxRefinement,
    twoStage,
    numClasses,
    numQueries,
  } = config;
  expectInteger(numClasses, "DeformableDetr: numClasses", 1);
  expectInteger(numQueries, "DeformableDetr: numQueries", 1);
  expectInteger(featureLevels, "DeformableDetr: featureLevels", 1);
  expectInteger(projectionGroups, "DeformableDetr: projectionGroups", 1);
  const count = config.backbone.levels.length;
  const seen = seenLevels(config);
  const isAscending = seen.every((level, index) => Number.isInteger(level) && level > (seen[index - 1] ?? -1));
  if (!isAscending || seen.at(-1) !== count - 1) {
    throw new ConfigError(
      `DeformableDetr: transformerLevels expected ascending positions that end with ${count - 1}, the backbone's ` +
        `last level, got ${transformerLevels?.join(", ")}`,
    );
  }
  if (featureLevels < seen.length) {
    throw new ConfigError(
      `DeformableDetr: featureLevels expected at least ${seen.length}, the backbone's, ` +
        `got ${featureLevels}; let the backbone return fewer stages`,
    );
  }
  if (positionEncoding.dim % projectionGroups !== 0) {
    throw new ConfigError(
      `DeformableDetr: width expected a multiple of ${projectionGroups}, got ${positionEncoding.dim}; ` +
        "the norms of the input projections split it into that many groups, see projectionGroups",
    );
  }
  if (twoStage === true && boxRefinement !== true) {
    throw new ConfigError(
      "DeformableDetr: twoStage needs boxRefinement, since the queries start from boxes that the decoder has to refine",
    );
  }
}
