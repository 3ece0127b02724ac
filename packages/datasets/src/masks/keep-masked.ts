import { DataError } from "@detrkit/common";
import type { DataProblem } from "../data-policy.ts";
import { type Dataset, imageName, type ImageRecord } from "../dataset.ts";
import { hasMask, type MaskDefect, maskDefect } from "./mask-defect.ts";

/** Whether any object of a data set has a mask. */
export function hasMasks({ records }: Pick<Dataset, "records">): boolean {
  return records.some((record) => record.labels.some((_, index) => hasMask(record, index)));
}

/** The first object of an image that a model is trained on and whose mask cannot be drawn, and why. */
function firstDefect(record: ImageRecord): (MaskDefect & { readonly annotation: number }) | undefined {
  for (const [index] of record.labels.entries()) {
    if (record.crowd[index] === 1) continue;
    const defect = maskDefect(record, index);
    if (defect !== undefined) return { ...defect, annotation: record.annotationIds[index] as number };
  }
  return undefined;
}

/**
 * The images of a data set whose objects all have masks, as training with masks needs it. An image with an object that
 * has none is left out, and listed in `problems`: the object's box is not its mask, and an object left out would be
 * taught as background. Crowd regions need no mask, and an image without objects stays.
 *
 * @throws DataError where no object of the data set has a mask
 */
export function keepMasked(dataset: Dataset): Dataset {
  const { spec, split } = dataset;
  if (!hasMasks(dataset))
    throw new DataError(
      `data "${spec}", split "${split}": none of its objects has a mask; expected COCO with "segmentation", ` +
        "YOLO with polygons, Pascal VOC with SegmentationObject, a panoptic data set of COCO, or shapes",
    );
  const problems: DataProblem[] = [];
  const records = dataset.records.filter((record) => {
    const defect = firstDefect(record);
    if (defect === undefined) return true;
    const detail = `annotation ${defect.annotation}: ${defect.detail}; the image is left out`;
    problems.push({ kind: defect.kind, file: imageName(record), detail });
    return false;
  });
  return { ...dataset, records, length: records.length, problems: [...dataset.problems, ...problems] };
}
