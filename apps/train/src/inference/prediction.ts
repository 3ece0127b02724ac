import type { Detection } from "@detrkit/common";
import type { PanopticPictureSegment } from "@detrkit/inference";

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
    readonly segments: readonly PanopticPictureSegment[];
  };
}
