import type { DetectionTarget, TargetMasks } from "@detrkit/boxes";
import { type BinaryMask, clipObjects, type ImageObjects, keepObjects } from "@detrkit/image";
import type { ImageRecord } from "./dataset.ts";

/**
 * The objects that a model is trained on. Crowd regions are left out, boxes are cut at the image's border, and boxes
 * without area there are left out.
 *
 * @param maskOf - gives the mask of the record's object `index`, where masks are wanted
 */
export function prepareObjects(
  record: Pick<ImageRecord, "width" | "height" | "boxes" | "labels" | "crowd" | "areas">,
  maskOf?: (index: number) => BinaryMask,
): ImageObjects {
  const all: ImageObjects = {
    size: { width: record.width, height: record.height },
    boxes: Float32Array.from(record.boxes),
    labels: record.labels,
    areas: Float32Array.from(record.areas),
    indices: Int32Array.from(record.labels, (_, index) => index),
  };
  const kept = clipObjects(keepObjects(all, (index) => record.crowd[index] !== 1));
  return maskOf === undefined ? kept : { ...kept, masks: Array.from(kept.indices, maskOf) };
}

function joinMasks(masks: readonly BinaryMask[], { size: { width, height } }: ImageObjects): TargetMasks {
  const data = new Uint8Array(masks.length * width * height);
  masks.forEach((mask, index) => data.set(mask.data, index * width * height));
  return { width, height, data };
}

/** The targets of matcher and criterion: boxes as centre and size, over the image's size without padding. */
export function toDetectionTarget(objects: ImageObjects): DetectionTarget {
  const { boxes, labels, size, masks } = objects;
  const normalised = new Float32Array(boxes.length);
  for (let at = 0; at < boxes.length; at += 4) {
    const [left = 0, top = 0, right = 0, bottom = 0] = boxes.subarray(at, at + 4);
    normalised[at] = Math.fround(Math.fround(left + right) / 2) / size.width;
    normalised[at + 1] = Math.fround(Math.fround(top + bottom) / 2) / size.height;
    normalised[at + 2] = Math.fround(right - left) / size.width;
    normalised[at + 3] = Math.fround(bottom - top) / size.height;
  }
  return { labels, boxes: normalised, ...(masks === undefined ? {} : { masks: joinMasks(masks, objects) }) };
}
