import type { Detection } from "@detrkit/detr";

/** A place of the source image, in its pixels. */
export interface ImagePoint {
  readonly x: number;
  readonly y: number;
}

/** A place that an attention samples. */
export interface SampledPoint extends ImagePoint {
  /** All points of a query together have the weight 1. */
  readonly weight: number;
  readonly head: number;
  /** Of the feature levels, from fine to coarse, from 0. */
  readonly level: number;
}

/** What a query looks at. */
export type AttendedImage =
  | {
      /** Every cell of a map that covers the image. */
      readonly kind: "dense";
      readonly width: number;
      readonly height: number;
      /** Row by row, mean of the heads; together 1. */
      readonly weights: readonly number[];
    }
  | {
      readonly kind: "sampled";
      /** They may lie outside of the image, where there is nothing to be read. */
      readonly points: readonly SampledPoint[];
    };

/** Which layers, objects and places {@link Detector.explain} tells of. */
export interface ExplainOptions {
  /** Detections with a lower score are left out. Default 0.5. */
  readonly threshold?: number;
  /** The largest number of detections; those with the highest scores are kept. Default: all. */
  readonly limit?: number;
  /** From 0. Default: the last one, from which the detections are read. */
  readonly decoderLayer?: number;
  /** Places whose encoder attention is wanted, in pixels of the image. Default: none. */
  readonly points?: readonly ImagePoint[];
  /** From 0. Default: the last one. */
  readonly encoderLayer?: number;
}

/** What a detector looked at in an image. */
export interface Explanation {
  /** Size of the image, in the pixels of boxes and points. */
  readonly width: number;
  readonly height: number;
  readonly decoderLayer: number;
  /** Highest score first, each with what its query looked at. */
  readonly detections: readonly { readonly detection: Detection; readonly attention: AttendedImage }[];
  /** Undefined where no points were asked for. */
  readonly encoderLayer: number | undefined;
  /** For each point what its cell, on the finest level, looked at. */
  readonly points: readonly { readonly point: ImagePoint; readonly attention: AttendedImage }[];
}
