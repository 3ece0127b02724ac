import { DataError } from "@detrkit/common";
import { maskArea, maskBoundingBox, type CocoBox } from "@detrkit/masks";
import type { CocoAnnotation, CocoResult } from "./coco-types.ts";
import type { ObjectMasks } from "./object-masks.ts";
import { isBox } from "./object-masks.ts";
import type { ShapeOverlaps } from "./shape-overlaps.ts";

/** Boxes of grouped detections and truths, `[objects, 4]` as left, top, width, height. */
class BoxOverlaps implements ShapeOverlaps {
  readonly detectionAreas: Float64Array;
  readonly #detections: Float64Array;
  readonly #truths: Float64Array;
  readonly #crowd: Uint8Array;

  constructor(detections: Float64Array, truths: Float64Array, crowd: Uint8Array, detectionAreas: Float64Array) {
    this.#detections = detections;
    this.#truths = truths;
    this.#crowd = crowd;
    this.detectionAreas = detectionAreas;
  }

  fill(ious: Float64Array, detectionStart: number, detectionEnd: number, truthStart: number, truthEnd: number): void {
    const detections = this.#detections;
    const truths = this.#truths;
    const crowd = this.#crowd;
    let cell = 0;
    for (let detection = 4 * detectionStart; detection < 4 * detectionEnd; detection += 4) {
      const left = detections[detection] as number;
      const top = detections[detection + 1] as number;
      const width = detections[detection + 2] as number;
      const height = detections[detection + 3] as number;
      const area = width * height;
      for (let truth = truthStart; truth < truthEnd; truth++, cell++) {
        ious[cell] = 0;
        const truthLeft = truths[4 * truth] as number;
        const truthTop = truths[4 * truth + 1] as number;
        const truthWidth = truths[4 * truth + 2] as number;
        const truthHeight = truths[4 * truth + 3] as number;
        const sharedWidth = Math.min(left + width, truthLeft + truthWidth) - Math.max(left, truthLeft);
        if (sharedWidth <= 0) continue;
        const sharedHeight = Math.min(top + height, truthTop + truthHeight) - Math.max(top, truthTop);
        if (sharedHeight <= 0) continue;
        const intersection = sharedWidth * sharedHeight;
        ious[cell] = intersection / (crowd[truth] === 1 ? area : area + truthWidth * truthHeight - intersection);
      }
    }
  }
}

/**
 * IoU of two boxes (left, top, width, height); 0 where they only touch. `crowd`: the detection's area is the
 * denominator.
 */
export function boxIou(detection: CocoBox, truth: CocoBox, crowd = false): number {
  const ious = new Float64Array(1);
  const overlaps = new BoxOverlaps(
    Float64Array.from(detection),
    Float64Array.from(truth),
    Uint8Array.of(crowd ? 1 : 0),
    new Float64Array(1),
  );
  overlaps.fill(ious, 0, 1, 0, 1);
  return ious[0] as number;
}

/** Collects boxes in grouped order. A result without a box gets the box and the area of its mask. */
export function boxOverlaps(
  detections: readonly CocoResult[],
  truths: readonly CocoAnnotation[],
  crowd: Uint8Array,
  masks: ObjectMasks,
): ShapeOverlaps {
  const detectionBoxes = new Float64Array(4 * detections.length);
  const areas = new Float64Array(detections.length);
  for (let index = 0; index < detections.length; index++) {
    const detection = detections[index] as CocoResult;
    if (isBox(detection.bbox)) {
      detectionBoxes.set(detection.bbox, 4 * index);
      areas[index] = detection.bbox[2] * detection.bbox[3];
    } else {
      const mask = masks.maskOf(detection, () => `evaluateDetections: a result of image ${detection.image_id}`);
      detectionBoxes.set(maskBoundingBox(mask), 4 * index);
      areas[index] = maskArea(mask);
    }
  }
  const truthBoxes = new Float64Array(4 * truths.length);
  for (let index = 0; index < truths.length; index++) {
    const { id, bbox } = truths[index] as CocoAnnotation;
    if (!isBox(bbox))
      throw new DataError(`evaluateDetections: annotation ${id} has no bbox, which type "bbox" compares`);
    truthBoxes.set(bbox, 4 * index);
  }
  return new BoxOverlaps(detectionBoxes, truthBoxes, crowd, areas);
}
