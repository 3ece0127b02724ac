import { crop, flipHorizontally, flipVertically, padRightBottom, resizeNearest, sizeAfter } from "@detrkit/image";
import type { BinaryMask, ImageOperation } from "@detrkit/image";
import type { ImageSize } from "@detrkit/nn";
import type { ImageRecord } from "./dataset.ts";

/** The `T` objects of one image while it is being transformed. Numbers are float32, as in the original. */
export interface ImageObjects {
  readonly size: ImageSize;
  /** `[T·4]` left, top, right, bottom in pixels. */
  readonly boxes: Float32Array;
  /** `[T]`. */
  readonly labels: Int32Array;
  /** `[T]`. */
  readonly areas: Float32Array;
  /** `[T]` positions in the arrays that came first: which objects stayed. */
  readonly indices: Int32Array;
  /** `[T]`, where the masks are wanted. */
  readonly masks?: readonly BinaryMask[];
}

/** Keeps the objects for which `keep` says so. */
function select(objects: ImageObjects, keep: (index: number) => boolean): ImageObjects {
  const chosen = Array.from(objects.labels, (_, index) => index).filter(keep);
  if (chosen.length === objects.labels.length) return objects;
  return {
    size: objects.size,
    boxes: Float32Array.from(chosen.flatMap((index) => [...objects.boxes.subarray(4 * index, 4 * index + 4)])),
    labels: Int32Array.from(chosen, (index) => objects.labels[index] as number),
    areas: Float32Array.from(chosen, (index) => objects.areas[index] as number),
    indices: Int32Array.from(chosen, (index) => objects.indices[index] as number),
    ...(objects.masks === undefined
      ? {}
      : { masks: chosen.map((index) => (objects.masks as readonly BinaryMask[])[index] as BinaryMask) }),
  };
}

const hasArea = (boxes: Float32Array, index: number): boolean =>
  (boxes[4 * index + 2] as number) > (boxes[4 * index] as number) &&
  (boxes[4 * index + 3] as number) > (boxes[4 * index + 1] as number);

function clipped(boxes: Float32Array, { width, height }: ImageSize): Float32Array {
  return boxes.map((edge, at) => Math.max(0, Math.min(edge, at % 2 === 0 ? width : height)));
}

/**
 * What training learns from: crowd regions are left out, boxes cut at the image's border, and those that have no area
 * there left out.
 *
 * @param maskOf - gives the mask of the record's object `index`, where masks are wanted
 */
export function prepareObjects(
  record: Pick<ImageRecord, "width" | "height" | "boxes" | "labels" | "crowd" | "areas">,
  maskOf?: (index: number) => BinaryMask,
): ImageObjects {
  const size = { width: record.width, height: record.height };
  const all: ImageObjects = {
    size,
    boxes: clipped(Float32Array.from(record.boxes), size),
    labels: record.labels,
    areas: Float32Array.from(record.areas),
    indices: Int32Array.from(record.labels, (_, index) => index),
  };
  const kept = select(all, (index) => record.crowd[index] !== 1 && hasArea(all.boxes, index));
  return maskOf === undefined ? kept : { ...kept, masks: Array.from(kept.indices, maskOf) };
}

/** Each mask changed alike; nothing where there are none. */
function withMasks(objects: ImageObjects, change: (mask: BinaryMask) => BinaryMask): Pick<ImageObjects, "masks"> {
  return objects.masks === undefined ? {} : { masks: objects.masks.map(change) };
}

function flipped(objects: ImageObjects, axis: 0 | 1): ImageObjects {
  const extent = axis === 0 ? objects.size.width : objects.size.height;
  const boxes = objects.boxes.map((edge, at) => (at % 2 === axis ? extent - (objects.boxes[at ^ 2] as number) : edge));
  return { ...objects, boxes, ...withMasks(objects, axis === 0 ? flipHorizontally : flipVertically) };
}

function resized(objects: ImageObjects, size: ImageSize): ImageObjects {
  // The ratios are float32 in effect: the original multiplies float32 tensors by them.
  const across = size.width / objects.size.width;
  const down = size.height / objects.size.height;
  return {
    ...objects,
    size,
    boxes: objects.boxes.map((edge, at) => edge * Math.fround(at % 2 === 0 ? across : down)),
    areas: objects.areas.map((area) => area * Math.fround(across * down)),
    ...withMasks(objects, (mask) => resizeNearest(mask, size)),
  };
}

/** Objects whose box keeps an area stay; the area becomes that of the box. */
function cropped(objects: ImageObjects, region: Extract<ImageOperation, { kind: "crop" }>): ImageObjects {
  const size = { width: region.width, height: region.height };
  const boxes = clipped(
    objects.boxes.map((edge, at) => edge - (at % 2 === 0 ? region.left : region.top)),
    size,
  );
  const areas = objects.areas.map(
    (_, index) =>
      Math.fround((boxes[4 * index + 2] as number) - (boxes[4 * index] as number)) *
      Math.fround((boxes[4 * index + 3] as number) - (boxes[4 * index + 1] as number)),
  );
  const all = { ...objects, size, boxes, areas, ...withMasks(objects, (mask) => crop(mask, region)) };
  return select(all, (index) => hasArea(boxes, index));
}

/** The objects after one operation on their image. */
export function transformObjects(objects: ImageObjects, operation: ImageOperation): ImageObjects {
  switch (operation.kind) {
    case "flipHorizontally":
      return flipped(objects, 0);
    case "flipVertically":
      return flipped(objects, 1);
    case "resize":
      return resized(objects, sizeAfter(objects.size, operation));
    case "crop":
      return cropped(objects, operation);
    case "pad":
      return {
        ...objects,
        size: sizeAfter(objects.size, operation),
        ...withMasks(objects, (mask) => padRightBottom(mask, operation.right, operation.bottom)),
      };
  }
}
