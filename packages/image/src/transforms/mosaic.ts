import type { ImageSize } from "@detrkit/common";
import { paste, type PixelRegion, type RgbImage } from "../raster.ts";
import { resizeBilinear } from "../resize-bilinear.ts";
import { filled, movedMask } from "./expand.ts";
import { type BoxEdges, type ImageObjects, joinObjects, keepObjects, moveObjects, scaleObjects } from "./objects.ts";
import { type SizePlan, sizeWithin } from "./resizes.ts";
import { planningKind, type TransformKind } from "./transform.ts";

/** Settings of `mosaic`. Its size is that of the result, and what each image fits into before it is scaled. */
export interface MosaicSettings extends ImageSize {
  readonly probability: number;
  /** The four images are scaled by a factor from the first of these to the second. Default `[0.5, 1.5]`. */
  readonly scales?: readonly [number, number];
}

/** Where one of the images comes to lie; it may reach beyond the mosaic. */
interface Tile extends SizePlan {
  readonly left: number;
  readonly top: number;
}

interface MosaicPlan extends SizePlan {
  /** Top left, top right, bottom left, bottom right; the image itself is the first. */
  readonly tiles: readonly Tile[];
}

/** Around the images, as in YOLO's implementations. */
const grey = [114, 114, 114] as const;

/** A cut box is kept where this much of its area is left, */
const leastArea = 0.1;
/** where both sides are longer than this, in pixels, */
const leastSide = 2;
/** and where its longer side is at most so many times the shorter one. */
const mostAspect = 100;

/** What of a tile is seen, in its own pixels; undefined where it lies outside. */
function seen({ size, left, top }: Tile, mosaic: ImageSize): PixelRegion | undefined {
  const [x, y] = [Math.max(0, -left), Math.max(0, -top)];
  const width = Math.min(size.width, mosaic.width - left) - x;
  const height = Math.min(size.height, mosaic.height - top) - y;
  return width > 0 && height > 0 ? { left: x, top: y, width, height } : undefined;
}

/** Whether enough of a box is left within the mosaic to be told what it is. */
function isKept([left, top, right, bottom]: BoxEdges, { width, height }: ImageSize): boolean {
  const across = Math.min(right, width) - Math.max(left, 0);
  const down = Math.min(bottom, height) - Math.max(top, 0);
  const area = (right - left) * (bottom - top);
  const aspect = Math.max(across / down, down / across);
  return across > leastSide && down > leastSide && across * down > leastArea * area && aspect < mostAspect;
}

function objectsOfTile(objects: ImageObjects, tile: Tile, size: ImageSize): ImageObjects {
  const shifted = ([left, top, right, bottom]: BoxEdges): BoxEdges => [
    left + tile.left,
    top + tile.top,
    right + tile.left,
    bottom + tile.top,
  ];
  const scaled = scaleObjects(objects, tile.size);
  const kept = keepObjects(scaled, (index) => {
    const [left = 0, top = 0, right = 0, bottom = 0] = scaled.boxes.subarray(4 * index, 4 * index + 4);
    return isKept(shifted([left, top, right, bottom]), size);
  });
  return moveObjects(kept, { size, box: shifted, mask: (mask) => movedMask(mask, size, tile) });
}

/**
 * Puts four images together around a random point, cut at the border, and leaves out boxes of which little is left: the
 * mosaic of YOLOv4 (arXiv:2004.10934), by the rules of ultralytics. That is a canvas of twice the size, with the point
 * in its middle half, of which the middle is taken after scaling; here nothing is computed that is not seen.
 */
export const mosaic: TransformKind<MosaicSettings> = planningKind({
  kind: "mosaic",
  others: ({ probability }: MosaicSettings, draws) => (draws.uniform() < probability ? 3 : 0),
  plan(
    { width, height, scales: [least, most] = [0.5, 1.5] }: MosaicSettings,
    own,
    draws,
    others,
  ): MosaicPlan | undefined {
    if (others.length === 0) return undefined;
    const scale = least + (most - least) * draws.uniform();
    const middle = (length: number): number => Math.round(length * ((draws.uniform() - 0.5) * scale + 0.5));
    const [x, y] = [middle(width), middle(height)];
    const tiles = [own, ...others].map((image, index): Tile => {
      const size = sizeWithin(image, { width, height }, scale);
      return { size, left: index % 2 === 0 ? x - size.width : x, top: index < 2 ? y - size.height : y };
    });
    return { size: { width, height }, tiles };
  },
  apply(image, { size, tiles }, others) {
    const result = filled(size, grey);
    tiles.forEach((tile, index) => {
      const part = seen(tile, size);
      if (part === undefined) return;
      const source = [image, ...others][index] as RgbImage;
      const at = { left: Math.max(0, tile.left), top: Math.max(0, tile.top) };
      paste(result, resizeBilinear(source, tile.size, part), at);
    });
    return result;
  },
  applyToObjects: (objects, { size, tiles }, others) =>
    joinObjects(tiles.map((tile, index) => objectsOfTile([objects, ...others][index] as ImageObjects, tile, size))),
});
