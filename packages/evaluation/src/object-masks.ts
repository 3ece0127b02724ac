import { DataError } from "@detrkit/common";
import { segmentationToMask, type CocoBox, type CocoSegmentation, type RunLengthMask } from "@detrkit/masks";
import type { CocoGroundTruth, CocoImage } from "./coco-types.ts";

/** What annotations and results have in common. */
export interface ShapedObject {
  readonly image_id: number;
  readonly bbox?: CocoBox;
  readonly segmentation?: CocoSegmentation;
}

/** A box list that is not empty: some tools write `[]` in addition to a mask. */
export const isBox = (box: CocoBox | undefined): box is CocoBox => Array.isArray(box) && box.length === 4;

const isSegmentation = (segmentation: CocoSegmentation | undefined): segmentation is CocoSegmentation =>
  segmentation !== undefined && segmentation !== null && !(Array.isArray(segmentation) && segmentation.length === 0);

function rectangle([left, top, width, height]: CocoBox): CocoSegmentation {
  return [[left, top, left, top + height, left + width, top + height, left + width, top]];
}

/** Turns segmentations into masks, knowing the sizes of the images they belong to. */
export class ObjectMasks {
  readonly #images: ReadonlyMap<number, CocoImage>;

  constructor(groundTruth: CocoGroundTruth) {
    this.#images = new Map(groundTruth.images.map((image) => [image.id, image]));
  }

  /** The object's mask, or its box as a mask if it has only a box. `what` names the object in errors. */
  maskOf(object: ShapedObject, what: () => string): RunLengthMask {
    const { segmentation, bbox, image_id } = object;
    const outline = isSegmentation(segmentation) ? segmentation : isBox(bbox) ? rectangle(bbox) : undefined;
    if (outline === undefined) throw new DataError(`${what()}: expected a segmentation, got none`);
    if (!Array.isArray(outline)) return segmentationToMask(outline, 0, 0, what());
    const image = this.#images.get(image_id);
    if (!(image && image.width > 0 && image.height > 0)) {
      throw new DataError(
        `${what()}: drawing its polygon needs the image's size, but image ${image_id} has no positive width and height`,
      );
    }
    return segmentationToMask(outline, image.height, image.width, what());
  }
}
