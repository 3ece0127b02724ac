import { DataError, type Detection } from "@detrkit/common";
import { maskToSegmentation, type RunLengthMask } from "@detrkit/masks";

/** All detections of one image, in plain memory. `N` entries, for DETR one for each query. */
export interface ImageDetections {
  /** `[N]`, 0 to 1. */
  readonly scores: Float32Array;
  /** `[N]`, the model's labels, from 0. */
  readonly labels: Int32Array;
  /** `[N · 4]`, xyxy in source pixels. */
  readonly boxes: Float32Array;
  /** `[N]`: the query that each comes from, of a detector with queries. */
  readonly queries?: Int32Array;
  /** `[N]`, of a detector with masks: of the source image's size. */
  readonly masks?: readonly RunLengthMask[];
}

/** A class as a data set names it: a model's label is an index into a list of these. */
export interface Category {
  /** The data set's own id, for COCO 1 to 90 with gaps. */
  readonly id: number;
  readonly name: string;
  /** Whether it is of objects that can be told apart, or stuff: sky, grass. Default true. */
  readonly isThing?: boolean;
}

/** Settings of {@link listDetections}. */
export interface ListDetectionsOptions {
  /** The model's classes by label. */
  readonly categories: readonly Category[];
  /** Detections below this score are left out. Default 0: all are listed. */
  readonly threshold?: number;
}

/** One image's detections as plain objects with the classes' names, highest score first. */
export function listDetections(
  detections: ImageDetections,
  { categories, threshold = 0 }: ListDetectionsOptions,
): Detection[] {
  return Array.from(detections.scores, (score, index) => ({ score, index }))
    .filter(({ score }) => score >= threshold)
    .toSorted((first, second) => second.score - first.score)
    .map(({ score, index }) => {
      const label = detections.labels[index] as number;
      const category = categories[label];
      if (category === undefined)
        throw new DataError(`listDetections: label ${label} has no category; got ${categories.length} of them`);
      const [xmin, ymin, xmax, ymax] = detections.boxes.subarray(index * 4, index * 4 + 4) as unknown as [
        number,
        number,
        number,
        number,
      ];
      const mask = detections.masks?.[index];
      return {
        label: category.name,
        labelId: category.id,
        score,
        box: { xmin, ymin, xmax, ymax },
        ...(mask && { mask: maskToSegmentation(mask) }),
      };
    });
}
