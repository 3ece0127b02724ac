import type { ResNetSettings } from "@detrkit/backbone";

/** Which ResNet, with every choice spelled out. */
export interface BackboneSettings extends Required<Omit<ResNetSettings, "blocks" | "width">> {
  /** Channels of the 3×3 convolutions of the first stage; each later stage has twice as many. */
  readonly width: number;
  /** Residual blocks of each stage, instead of the depth's. */
  readonly blocks?: readonly number[];
}

/** Where a token stands: sines and cosines, or learned rows and columns (of at most 50 cells). */
export type PositionEncodingSettings =
  | {
      readonly kind: "sine";
      /** Whether positions are relative to the image's size. Default `true`, as published. */
      readonly normalize?: boolean;
    }
  | { readonly kind: "learned" };

/** What the transformers of all detectors have. */
export interface CommonTransformerSettings {
  /** Width of tokens and queries. */
  readonly dim: number;
  readonly heads: number;
  readonly encoderLayers: number;
  readonly decoderLayers: number;
  /** Hidden width of the feed-forward parts. */
  readonly feedForwardDim: number;
  readonly dropout: number;
}

export interface TransformerSettings extends CommonTransformerSettings {
  /** Whether each part normalises its input instead of its output. */
  readonly preNorm: boolean;
}

export interface DeformableTransformerSettings extends CommonTransformerSettings {
  /** Points that each head of an encoder layer samples in each level. */
  readonly encoderPoints: number;
  /** Points that each head of a decoder layer samples in each level. */
  readonly decoderPoints: number;
}

/** A DETR as plain data. */
export interface DetrSettings {
  readonly model: "detr";
  readonly backbone: BackboneSettings;
  readonly positionEncoding: PositionEncodingSettings;
  readonly transformer: TransformerSettings;
  /** Classes without "no object". */
  readonly numClasses: number;
  /** The most objects that can be found in one image. */
  readonly numQueries: number;
}

/** A Deformable DETR as plain data. */
export interface DeformableDetrSettings {
  readonly model: "deformable-detr";
  /** All of its `returnStages` are used. */
  readonly backbone: BackboneSettings;
  readonly transformer: DeformableTransformerSettings;
  /**
   * Maps that are looked at: those of the backbone, and beyond these further ones, each half as high and wide as the
   * one before.
   */
  readonly featureLevels: number;
  /** Whether each decoder layer corrects the boxes of the layer before it. */
  readonly boxRefinement: boolean;
  /** Whether the queries start from the encoder's best proposals instead of learned places. Needs `boxRefinement`. */
  readonly twoStage: boolean;
  readonly numClasses: number;
  /** Predictions for each image; one may stand for several classes. */
  readonly numQueries: number;
}

/** A whole detector as plain data: what a checkpoint stores to build the same model again. */
export type DetectorConfig = DetrSettings | DeformableDetrSettings;
