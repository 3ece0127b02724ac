import type { Detection } from "@detrkit/common";

/** A segment of an image. */
export interface FoundSegment {
  readonly id: number;
  readonly label: string;
  readonly labelId: number;
  /** One object; stuff is one segment of all its pixels. */
  readonly isThing: boolean;
  readonly score: number;
  /** In pixels. */
  readonly area: number;
}

/** An image parted into segments. */
export interface SegmentedImage {
  readonly width: number;
  readonly height: number;
  /** `[height·width]`, row by row; 0 is no segment. */
  readonly segmentIds: Int32Array;
  readonly segments: readonly FoundSegment[];
}

/** What `predict` says about one image. */
export interface ImagePrediction {
  readonly image: string;
  /** The annotated picture, where one was written. */
  readonly picture?: string;
  /** Size of the image, in the pixels of the boxes. */
  readonly width: number;
  readonly height: number;
  readonly detections: readonly Detection[];
  /** With `--panoptic`: the picture of segment ids, the one for people, and the segments. */
  readonly panoptic?: {
    readonly ids: string;
    readonly picture?: string;
    readonly segments: readonly FoundSegment[];
  };
}
