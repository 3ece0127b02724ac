import type { CocoGroundTruth, CocoResult, EvaluationType } from "./coco-types.ts";
import { evaluateDetections } from "./evaluate-detections.ts";
import type { ImageEvaluation } from "./image-evaluation.ts";

/** What an analysis of errors compares. */
export interface AnalysedDetections {
  readonly groundTruth: CocoGroundTruth;
  readonly detections: readonly CocoResult[];
  /** What is compared: boxes (the default) or masks. */
  readonly type?: EvaluationType;
  /** From this IoU on a detection has found an object. Default 0.5. */
  readonly iouThreshold?: number;
}

/** One image with the objects of all classes together. `D` detections in order of descending score, `G` truths. */
export interface ImageOfAllClasses extends Pick<ImageEvaluation, "imageId" | "detections" | "scores" | "truthIgnored"> {
  /** `[D]`: category id of each detection. */
  readonly detectionCategories: readonly number[];
  /** `[G]`: annotation ids. */
  readonly truthIds: Float64Array;
  /** `[G]`: category id of each truth. */
  readonly truthCategories: readonly number[];
  /** `[D, G]` */
  readonly ious: Float64Array;
}

/** No limit: an analysis looks at everything that was detected. */
export const allDetections: readonly number[] = [1, 10, Number.MAX_SAFE_INTEGER];

/** The IoU of every detection with every object of its image, whatever their classes; images by ascending id. */
export function imagesOfAllClasses({
  groundTruth,
  detections,
  type = "bbox",
  iouThreshold = 0.5,
}: AnalysedDetections): ImageOfAllClasses[] {
  const categories = new Map(groundTruth.annotations.map((truth) => [truth.id, truth.category_id]));
  const { perImage } = evaluateDetections({
    groundTruth,
    detections,
    type,
    useCategories: false,
    iouThresholds: [iouThreshold],
    maxDetections: allDetections,
  });
  return perImage.map((image) => ({
    ...image,
    detectionCategories: Array.from(image.detections, (entry) => (detections[entry] as CocoResult).category_id),
    truthCategories: Array.from(image.truthIds, (id) => categories.get(id) as number),
  }));
}
