import type { CocoBox, CocoSegmentation } from "@detrkit/masks";

/** One entry of `images`. */
export interface CocoImage {
  readonly id: number;
  readonly width: number;
  readonly height: number;
  readonly file_name?: string;
}

/** One entry of `categories`. */
export interface CocoCategory {
  readonly id: number;
  readonly name?: string;
}

/**
 * One entry of `annotations`. `area` decides whether the object counts as small, medium or large. Number ids from 1:
 * the metric, as pycocotools defines it, never matches an annotation whose id is 0.
 */
export interface CocoAnnotation {
  readonly id: number;
  readonly image_id: number;
  readonly category_id: number;
  readonly area: number;
  readonly iscrowd?: number;
  readonly bbox?: CocoBox;
  readonly segmentation?: CocoSegmentation;
}

/** The parts of a COCO ground truth file that the metrics need. */
export interface CocoGroundTruth {
  readonly images: readonly CocoImage[];
  readonly annotations: readonly CocoAnnotation[];
  readonly categories: readonly CocoCategory[];
}

/** One entry of a COCO results file. It has a box, a mask or both. */
export interface CocoResult {
  readonly image_id: number;
  readonly category_id: number;
  readonly score: number;
  readonly bbox?: CocoBox;
  readonly segmentation?: CocoSegmentation;
}

/** What is compared: boxes or masks. */
export type EvaluationType = "bbox" | "segm";
