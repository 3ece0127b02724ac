import type { Detection, ImageSize } from "@detrkit/common";
import type { ExplainOptions, Explanation, PanopticPictureSegment } from "@detrkit/inference";
import type { ProblemCode } from "../api/problems.ts";

/** Which detections of an image are wanted. */
export interface DetectionFilter {
  readonly threshold?: number | undefined;
  readonly limit?: number | undefined;
  readonly labels?: readonly string[] | undefined;
  /** Whether detections have masks, where the model has them. Default true. */
  readonly masks?: boolean | undefined;
}

/** One image as it came. */
export interface ImageBytes {
  /** What problems call it: `image 2 (a.jpg)`. */
  readonly name: string;
  /** A file, unless `pixels` says otherwise. */
  readonly bytes: Uint8Array;
  /** Given where the bytes are pixels, RGB row by row: the image's size. */
  readonly pixels?: ImageSize | undefined;
}

/** One image of a batch. */
export interface ImageToDetect extends ImageBytes {
  readonly filter: DetectionFilter;
}

/** What was found in an image, and where its time went. */
export interface FoundObjects extends ImageSize {
  readonly detections: readonly Detection[];
  readonly decodeMs: number;
  readonly inferenceMs: number;
  readonly batchSize: number;
}

/** Why an image has no answer. It crosses between processes, so it is no error object. */
export interface Refusal {
  readonly code: ProblemCode;
  readonly detail: string;
}

/** What becomes of a request: its answer, or why there is none. */
export type Outcome<Answer> = { readonly answer: Answer } | { readonly refusal: Refusal };

/** What an engine tells of the model that it runs. */
export interface EngineModel {
  /** What computes, in one line. */
  readonly engine: string;
  readonly precision: Precision;
  readonly classes: readonly { readonly id: number; readonly name: string; readonly isThing?: boolean }[];
  readonly detector: Readonly<Record<string, unknown>>;
  readonly transforms: Readonly<Record<string, unknown>>;
  /** Whether it finds masks and segments, not boxes alone. */
  readonly hasMasks: boolean;
}

/** One image to explain. */
export interface ImageToExplain extends ImageBytes {
  readonly options: ExplainOptions;
}

/** One image to part into segments. */
export interface ImageToSegment {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly threshold?: number | undefined;
  /**
   * What is wanted: one picture of ids, or a mask of each segment. Both are PNGs, so they are small between processes.
   */
  readonly as: "ids" | "masks";
}

/** A segment of an image, and its mask where masks were asked for. */
export interface FoundSegment extends PanopticPictureSegment {
  /** The bytes of a PNG of one channel: 255 where the segment is. */
  readonly mask?: Uint8Array;
}

/** An image parted into segments. */
export interface FoundSegments extends ImageSize {
  readonly segments: readonly FoundSegment[];
  /** The bytes of a PNG of ids, as COCO codes them, where that was asked for. */
  readonly ids?: Uint8Array;
}

/** How images of different sizes go through the model together. */
export type Batching = "same-size" | "padded";

/** The engines that can be asked for: `native` takes the fastest backend of tfjs that starts here. */
export type EngineName = "native" | "wasm" | "cpu";

/** In which numbers a model computes. */
export const precisions = ["fp32"] as const;
export type Precision = (typeof precisions)[number];

/** How an engine runs a model. */
export interface EngineSettings {
  readonly engine: EngineName;
  readonly precision: Precision;
  readonly batching: Batching;
  /** Images with more pixels are refused by their header, before they are decoded. */
  readonly maxPixels: number;
}

/**
 * What computes behind a model. It runs in a process of its own, so it may block, and may crash. Another runtime (ONNX
 * Runtime, OpenVINO) is another implementation of this.
 */
export interface InferenceEngine {
  readonly model: EngineModel;
  /** The outcome of each image, in their order. One that can't be read leaves the others alone. */
  detect(images: readonly ImageToDetect[]): Promise<readonly Outcome<FoundObjects>[]>;
  explain(image: ImageToExplain): Promise<Outcome<Explanation>>;
  /** Refused where the model has no masks. */
  segment(image: ImageToSegment): Promise<Outcome<FoundSegments>>;
}
