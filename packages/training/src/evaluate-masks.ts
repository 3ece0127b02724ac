import { type Dataset, hasMasks, panopticTruth, toCocoGroundTruth, withSegmentations } from "@detrkit/datasets";
import type { Detection } from "@detrkit/detr";
import {
  type DetectionEvaluation,
  DetectionEvaluator,
  type PanopticEvaluation,
  PanopticQuality,
} from "@detrkit/evaluation";
import type { PanopticPicture } from "@detrkit/inference";
import { dataCategories } from "./data-categories.ts";

/** How well a detector's masks fit. */
export interface EvaluatedMasks {
  /** COCO's metrics with the IoU of masks. */
  readonly masks?: DetectionEvaluation;
  /** Panoptic quality, where the data say of every class whether it is of things or stuff. */
  readonly panoptic?: PanopticEvaluation;
}

/** Of an image: what was found in it, and its segments where these are measured. */
interface FoundInImage {
  readonly detections: readonly Detection[];
  readonly picture: PanopticPicture | undefined;
}

/** Compares a detector's masks with those of a data set, image by image. */
export class MaskEvaluator {
  readonly #dataset: Dataset;
  readonly #evaluator: DetectionEvaluator;
  readonly #panoptic: PanopticQuality | undefined;

  private constructor(dataset: Dataset) {
    this.#dataset = dataset;
    this.#evaluator = new DetectionEvaluator({ groundTruth: toCocoGroundTruth(dataset), type: "segm" });
    const categories = dataCategories(dataset).map(({ id, isThing = true }) => ({ id, isThing }));
    this.#panoptic = isPanoptic(dataset) ? new PanopticQuality({ categories }) : undefined;
  }

  /** One for a data set whose objects all have masks; undefined for one without any. */
  static async of(dataset: Dataset): Promise<MaskEvaluator | undefined> {
    return hasMasks(dataset) ? new MaskEvaluator(await withSegmentations(dataset)) : undefined;
  }

  /** Whether the images are to be parted into segments. */
  get wantsSegments(): boolean {
    return this.#panoptic !== undefined;
  }

  /** @param record - of the data set, by its place */
  async add(record: Dataset["records"][number], { detections, picture }: FoundInImage): Promise<void> {
    this.#evaluator.add(record.id, detections);
    if (this.#panoptic === undefined || picture === undefined) return;
    const { categoryIds } = this.#dataset;
    const { segmentIds, segments } = await panopticTruth(record);
    this.#panoptic.add(
      record.name,
      {
        segmentIds,
        segments: segments.map(({ id, label, isCrowd }) => ({ id, isCrowd, categoryId: categoryIds[label] as number })),
      },
      {
        segmentIds: picture.segmentIds,
        segments: picture.segments.map(({ id, labelId: categoryId }) => ({ id, categoryId })),
      },
    );
  }

  evaluate(): EvaluatedMasks {
    const masks = this.#evaluator.evaluate();
    return this.#panoptic === undefined ? { masks } : { masks, panoptic: this.#panoptic.evaluate() };
  }
}

/**
 * Whether panoptic quality is measured: where every pixel of the data has a class, of things or stuff. With instances
 * alone the rest would be void, where nothing that is found counts as wrong.
 */
function isPanoptic({ things, records }: Dataset): boolean {
  return things !== undefined && records.every(({ segments }) => segments !== undefined);
}
