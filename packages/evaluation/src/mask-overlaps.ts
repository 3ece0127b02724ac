import { maskArea, maskBoundingBox, maskIntersection, type RunLengthMask } from "@detrkit/masks";
import type { CocoAnnotation, CocoResult } from "./coco-types.ts";
import type { ObjectMasks } from "./object-masks.ts";
import type { ShapeOverlaps } from "./shape-overlaps.ts";

interface MeasuredMask {
  readonly mask: RunLengthMask;
  readonly area: number;
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

function measure(mask: RunLengthMask): MeasuredMask {
  const [left, top, width, height] = maskBoundingBox(mask);
  return { mask, area: maskArea(mask), left, top, right: left + width, bottom: top + height };
}

/** As pycocotools: 0 where the bounding boxes don't meet, -1 where masks that might meet have different sizes. */
function iouOf(detection: MeasuredMask, truth: MeasuredMask, crowd: boolean): number {
  if (
    detection.left >= truth.right ||
    truth.left >= detection.right ||
    detection.top >= truth.bottom ||
    truth.top >= detection.bottom
  )
    return 0;
  if (detection.mask.height !== truth.mask.height || detection.mask.width !== truth.mask.width) return -1;
  const intersection = maskIntersection(detection.mask, truth.mask);
  if (intersection === 0) return 0;
  return intersection / (crowd ? detection.area : detection.area + truth.area - intersection);
}

/**
 * Intersection over union of two masks; -1 where their sizes differ. `crowd`: the detection's area is the denominator.
 */
export function maskIou(detection: RunLengthMask, truth: RunLengthMask, crowd = false): number {
  return iouOf(measure(detection), measure(truth), crowd);
}

/** Masks of grouped detections and truths. A truth is rasterised only when a detection is compared with it. */
class MaskOverlaps implements ShapeOverlaps {
  readonly detectionAreas: Float64Array;
  readonly #detections: readonly MeasuredMask[];
  readonly #truthMask: (index: number) => RunLengthMask;
  readonly #truths: (MeasuredMask | undefined)[];
  readonly #crowd: Uint8Array;

  constructor(
    detections: readonly MeasuredMask[],
    truthMask: (index: number) => RunLengthMask,
    crowd: Uint8Array,
    detectionAreas: Float64Array,
  ) {
    this.#detections = detections;
    this.#truthMask = truthMask;
    this.#truths = Array.from({ length: crowd.length });
    this.#crowd = crowd;
    this.detectionAreas = detectionAreas;
  }

  fill(ious: Float64Array, detectionStart: number, detectionEnd: number, truthStart: number, truthEnd: number): void {
    const truths = truthEnd - truthStart;
    for (let truth = 0; truth < truths; truth++) {
      const index = truthStart + truth;
      const truthMask = (this.#truths[index] ??= measure(this.#truthMask(index)));
      const crowd = this.#crowd[index] === 1;
      for (let detection = detectionStart; detection < detectionEnd; detection++) {
        ious[(detection - detectionStart) * truths + truth] = iouOf(
          this.#detections[detection] as MeasuredMask,
          truthMask,
          crowd,
        );
      }
    }
  }
}

/** Collects masks in grouped order. */
export function maskOverlaps(
  detections: readonly CocoResult[],
  truths: readonly CocoAnnotation[],
  crowd: Uint8Array,
  masks: ObjectMasks,
): ShapeOverlaps {
  const measured = detections.map((detection) =>
    measure(masks.maskOf(detection, () => `evaluateDetections: a result of image ${detection.image_id}`)),
  );
  // The mask's own area, even if there is a box: pycocotools would take the box's, so evaluators built on it drop the
  // boxes first.
  const areas = Float64Array.from(measured, ({ area }) => area);
  const truthMask = (index: number): RunLengthMask => {
    const truth = truths[index] as CocoAnnotation;
    return masks.maskOf(truth, () => `evaluateDetections: annotation ${truth.id}`);
  };
  return new MaskOverlaps(measured, truthMask, crowd, areas);
}
