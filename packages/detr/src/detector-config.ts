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

export interface TransformerSettings {
  /** Width of tokens and queries. */
  readonly dim: number;
  readonly heads: number;
  readonly encoderLayers: number;
  readonly decoderLayers: number;
  /** Hidden width of the feed-forward parts. */
  readonly feedForwardDim: number;
  readonly dropout: number;
  /** Whether each part normalises its input instead of its output. */
  readonly preNorm: boolean;
}

/** A whole detector as plain data: what a checkpoint stores to build the same model again. */
export interface DetectorConfig {
  readonly model: "detr";
  readonly backbone: BackboneSettings;
  readonly positionEncoding: PositionEncodingSettings;
  readonly transformer: TransformerSettings;
  /** Classes without "no object". */
  readonly numClasses: number;
  /** The most objects that can be found in one image. */
  readonly numQueries: number;
}
