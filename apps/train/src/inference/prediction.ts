import type { Detection } from "@detrkit/common";

/** What `predict` says about one image. */
export interface ImagePrediction {
  readonly image: string;
  /** The annotated picture, where one was written. */
  readonly picture?: string;
  /** Size of the image, in the pixels of the boxes. */
  readonly width: number;
  readonly height: number;
  readonly detections: readonly Detection[];
}
