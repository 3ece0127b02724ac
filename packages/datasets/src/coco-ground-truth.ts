import type { Dataset, ImageRecord, Segmentation } from "./dataset.ts";

/** The parts of a COCO ground truth that detection metrics need. */
export interface CocoGroundTruth {
  readonly images: readonly {
    readonly id: number;
    readonly width: number;
    readonly height: number;
    readonly file_name: string;
  }[];
  readonly categories: readonly { readonly id: number; readonly name: string }[];
  readonly annotations: readonly {
    readonly id: number;
    readonly image_id: number;
    readonly category_id: number;
    readonly bbox: readonly [number, number, number, number];
    readonly area: number;
    readonly iscrowd: 0 | 1;
    readonly segmentation?: Segmentation;
  }[];
}

function annotationsOf(record: ImageRecord, categoryIds: readonly number[]): CocoGroundTruth["annotations"] {
  return Array.from(record.labels, (label, index) => {
    const [left = 0, top = 0, right = 0, bottom = 0] = record.boxes.subarray(4 * index, 4 * index + 4);
    const [x = 0, y = 0, width = 0, height = 0] = record.boxesXywh?.subarray(4 * index, 4 * index + 4) ?? [
      left,
      top,
      right - left,
      bottom - top,
    ];
    const segmentation = record.segmentations?.[index];
    return {
      id: record.annotationIds[index] as number,
      image_id: record.id,
      category_id: categoryIds[label] as number,
      bbox: [x, y, width, height] as const,
      area: record.areas[index] as number,
      iscrowd: record.crowd[index] === 1 ? 1 : 0,
      ...(segmentation === undefined ? {} : { segmentation }),
    } as const;
  });
}

/**
 * A data set as COCO writes it, for evaluation and for writing it out; `area` is COCO's own where the data has it, else
 * the box's.
 */
export function toCocoGroundTruth(dataset: Dataset): CocoGroundTruth {
  return {
    images: dataset.records.map(({ id, width, height, name }) => ({ id, width, height, file_name: name })),
    categories: dataset.classes.map((name, label) => ({ id: dataset.categoryIds[label] as number, name })),
    annotations: dataset.records.flatMap((record) => annotationsOf(record, dataset.categoryIds)),
  };
}
