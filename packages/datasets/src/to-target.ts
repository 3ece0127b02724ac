import type { DetectionTarget, TargetMasks } from "@detrkit/boxes";
import type { BinaryMask } from "@detrkit/image";
import type { ImageObjects } from "./image-objects.ts";

function joinMasks(masks: readonly BinaryMask[], { size: { width, height } }: ImageObjects): TargetMasks {
  const data = new Uint8Array(masks.length * width * height);
  masks.forEach((mask, index) => data.set(mask.data, index * width * height));
  return { width, height, data };
}

/** What matcher and criterion take: boxes as centre and size, divided by the image's size without padding. */
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
