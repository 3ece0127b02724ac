import { DataError } from "@detrkit/common";
import type { Category, Detection, ImageDetections } from "./image-detections.ts";

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
      return { label: category.name, labelId: category.id, score, box: { xmin, ymin, xmax, ymax } };
    });
}
