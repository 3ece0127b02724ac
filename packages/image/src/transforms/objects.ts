import { ConfigError } from "@detrkit/common";
import type { ImageSize } from "@detrkit/common";
import { type BinaryMask, resizeNearest } from "../raster.ts";

/** The `T` objects of one image while it is being transformed. Numbers are float32, as in the original. */
export interface ImageObjects {
  readonly size: ImageSize;
  /** `[T·4]` left, top, right, bottom in pixels. */
  readonly boxes: Float32Array;
  /** `[T]`. */
  readonly labels: Int32Array;
  /** `[T]`. */
  readonly areas: Float32Array;
  /** `[T]` positions in the arrays that came first: which objects stayed; -1 of those from another image. */
  readonly indices: Int32Array;
  /** `[T]`, where masks are wanted. */
  readonly masks?: readonly BinaryMask[];
}

/** The edges of one object, in pixels. */
export type BoxEdges = readonly [left: number, top: number, right: number, bottom: number];

/** How {@link moveObjects} moves the objects of an image. */
export interface ObjectMove {
  /** Size of the image afterwards. */
  readonly size: ImageSize;
  /** Where a box goes. */
  readonly box: (edges: BoxEdges) => BoxEdges;
  /** The same for a mask, which then has `size`. Needed only where objects have masks. */
  readonly mask?: (mask: BinaryMask) => BinaryMask;
}

/** Keeps the objects for which `keep` is true of their position. */
export function keepObjects(objects: ImageObjects, keep: (index: number) => boolean): ImageObjects {
  const chosen = Array.from(objects.labels, (_, index) => index).filter(keep);
  if (chosen.length === objects.labels.length) return objects;
  const { masks } = objects;
  return {
    size: objects.size,
    boxes: Float32Array.from(chosen.flatMap((index) => [...objects.boxes.subarray(4 * index, 4 * index + 4)])),
    labels: Int32Array.from(chosen, (index) => objects.labels[index] as number),
    areas: Float32Array.from(chosen, (index) => objects.areas[index] as number),
    indices: Int32Array.from(chosen, (index) => objects.indices[index] as number),
    ...(masks === undefined ? {} : { masks: chosen.map((index) => masks[index] as BinaryMask) }),
  };
}

/** The objects of several images that became one, of one size already; the first is the image itself. */
export function joinObjects(parts: readonly ImageObjects[]): ImageObjects {
  const [first, ...others] = parts as [ImageObjects, ...ImageObjects[]];
  const masks = parts.flatMap((part) => part.masks ?? []);
  return {
    size: first.size,
    boxes: Float32Array.from(parts.flatMap(({ boxes }) => [...boxes])),
    labels: Int32Array.from(parts.flatMap(({ labels }) => [...labels])),
    areas: Float32Array.from(parts.flatMap(({ areas }) => [...areas])),
    indices: Int32Array.from([...first.indices, ...others.flatMap(({ labels }) => Array.from(labels, () => -1))]),
    ...(first.masks === undefined ? {} : { masks }),
  };
}

/** Cuts boxes at the image's border. They keep their areas; an object whose box has no area there is left out. */
export function clipObjects(objects: ImageObjects): ImageObjects {
  const { width, height } = objects.size;
  const boxes = objects.boxes.map((edge, at) => Math.max(0, Math.min(edge, at % 2 === 0 ? width : height)));
  const [across, down] = [side(boxes, 0), side(boxes, 1)];
  return keepObjects({ ...objects, boxes }, (index) => across(index) > 0 && down(index) > 0);
}

/** Width (axis 0) or height (axis 1) of a box, in float32. */
function side(boxes: Float32Array, axis: 0 | 1): (index: number) => number {
  return (index) => Math.fround((boxes[4 * index + 2 + axis] as number) - (boxes[4 * index + axis] as number));
}

/**
 * Moves boxes and masks to where a transform puts them. Boxes are cut at the image's border, an object whose box has no
 * area left is left out, and the areas become those of the boxes.
 *
 * @throws ConfigError when the objects have masks and `mask` is missing
 */
export function moveObjects(objects: ImageObjects, { size, box, mask }: ObjectMove): ImageObjects {
  const boxes = new Float32Array(objects.boxes.length);
  for (let at = 0; at < boxes.length; at += 4) {
    const [left = 0, top = 0, right = 0, bottom = 0] = objects.boxes.subarray(at, at + 4);
    boxes.set(box([left, top, right, bottom]), at);
  }
  const moved = clipObjects({ ...objects, size, boxes });
  const [across, down] = [side(moved.boxes, 0), side(moved.boxes, 1)];
  return {
    ...moved,
    areas: moved.areas.map((_, index) => across(index) * down(index)),
    ...(moved.masks === undefined ? {} : { masks: moved.masks.map(mask ?? refuseMask) }),
  };
}

function refuseMask(): never {
  throw new ConfigError(
    'moveObjects: the objects have masks; give "mask" too, which moves a mask as "box" moves a box',
  );
}

/** Mirrors along an axis: 0 is across, 1 is down. The areas stay. */
export function mirrorObjects(
  objects: ImageObjects,
  axis: 0 | 1,
  mask: (mask: BinaryMask) => BinaryMask,
): ImageObjects {
  const extent = axis === 0 ? objects.size.width : objects.size.height;
  const boxes = objects.boxes.map((edge, at) => (at % 2 === axis ? extent - (objects.boxes[at ^ 2] as number) : edge));
  return { ...objects, boxes, ...changedMasks(objects, mask) };
}

/** Scales to another size, and the areas with it. */
export function scaleObjects(objects: ImageObjects, size: ImageSize): ImageObjects {
  // The ratios are float32 in effect: the original multiplies float32 tensors by them.
  const across = size.width / objects.size.width;
  const down = size.height / objects.size.height;
  return {
    ...objects,
    size,
    boxes: objects.boxes.map((edge, at) => edge * Math.fround(at % 2 === 0 ? across : down)),
    areas: objects.areas.map((area) => area * Math.fround(across * down)),
    ...changedMasks(objects, (mask) => resizeNearest(mask, size)),
  };
}

/** Each mask changed alike; nothing where there are none. */
export function changedMasks(
  { masks }: ImageObjects,
  change: (mask: BinaryMask) => BinaryMask,
): Pick<ImageObjects, "masks"> {
  return masks === undefined ? {} : { masks: masks.map(change) };
}
