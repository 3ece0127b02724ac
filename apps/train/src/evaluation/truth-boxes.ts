import type { Dataset, ImageRecord } from "@detrkit/datasets";
import type { DrawnBox } from "../drawing/draw-boxes.ts";

/** The objects of an image as they are drawn. */
export function truthBoxes(record: ImageRecord, { classes, categoryIds }: Pick<Dataset, "classes" | "categoryIds">): DrawnBox[] {
  return Array.from(record.labels, (label, index) => {
    const [xmin = 0, ymin = 0, xmax = 0, ymax = 0] = record.boxes.subarray(index * 4, index * 4 + 4);
    return { label: classes[label] ?? String(label), labelId: categoryIds[label] ?? label, box: { xmin, ymin, xmax, ymax } };
  });
}
