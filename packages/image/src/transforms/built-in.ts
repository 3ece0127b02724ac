import type { ImageSize } from "@detrkit/common";
import { crop, flipHorizontally, flipVertically, padRightBottom, type PixelRegion, type Raster } from "../raster.ts";
import { roundHalfEven } from "../resize-bilinear.ts";
import { changedMasks, mirrorObjects, moveObjects } from "./objects.ts";
import { colourJitter, type ColourJitterSettings } from "./colour-jitter.ts";
import { expand, type ExpandSettings } from "./expand.ts";
import { mosaic, type MosaicSettings } from "./mosaic.ts";
import { letterbox, resize, type ResizeSettings, resizeTo, type SizePlan } from "./resizes.ts";
import {
  type AnyTransformKind,
  type CompositeDefinition,
  kindOf,
  planningKind as kind,
  type Transform,
  type TransformDefinition,
  type TransformKind,
} from "./transform.ts";

/** Settings of `horizontalFlip` and `verticalFlip`. */
export interface FlipSettings {
  readonly probability: number;
}

/** Settings of `randomSizeCrop`. */
export interface RandomSizeCropSettings {
  /** Width and height are drawn evenly from `minSide` to `maxSide`, and are at most the image's. */
  readonly minSide: number;
  readonly maxSide: number;
}

/** Settings of `pad`. */
export interface PadSettings {
  readonly right: number;
  readonly bottom: number;
}

/** Settings of `either`. */
export interface EitherSettings {
  readonly probability: number;
  /** What is done with that probability. */
  readonly first: readonly TransformStep[];
  /** What is done otherwise. */
  readonly otherwise: readonly TransformStep[];
}

/** A transform of detrkit as plain data, as it stands in configurations and checkpoints. */
export type TransformData =
  | ({ readonly kind: "horizontalFlip" | "verticalFlip" } & FlipSettings)
  | ({ readonly kind: "resize" } & ResizeSettings)
  | ({ readonly kind: "resizeTo" | "letterbox" | "centreCrop" } & ImageSize)
  | ({ readonly kind: "randomSizeCrop" } & RandomSizeCropSettings)
  | ({ readonly kind: "pad" } & PadSettings)
  | ({ readonly kind: "colourJitter" } & ColourJitterSettings)
  | ({ readonly kind: "expand" } & ExpandSettings)
  | ({ readonly kind: "mosaic" } & MosaicSettings)
  | ({ readonly kind: "either" } & EitherSettings);

/** One step of a recipe: a transform, detrkit's or of one's own, or the data of one of detrkit's. */
export type TransformStep = Transform | TransformData;

interface CropPlan extends SizePlan {
  readonly top: number;
  readonly left: number;
}

const regionOf = ({ size, top, left }: CropPlan): PixelRegion => ({ ...size, top, left });

/** What all crops share. */
const cropping = {
  regionOf,
  apply: (image, plan) => crop(image, regionOf(plan)),
  applyToObjects: (objects, plan) =>
    moveObjects(objects, {
      size: plan.size,
      box: ([left, top, right, bottom]) => [left - plan.left, top - plan.top, right - plan.left, bottom - plan.top],
      mask: (mask) => crop(mask, regionOf(plan)),
    }),
} satisfies Partial<TransformDefinition<object, CropPlan>>;

const flip = (name: string, axis: 0 | 1, flipped: <Image extends Raster>(image: Image) => Image) =>
  kind({
    kind: name,
    plan: ({ probability }: FlipSettings, _, draws) => (draws.uniform() < probability ? {} : undefined),
    apply: flipped,
    applyToObjects: (objects) => mirrorObjects(objects, axis, flipped),
  });

/** Mirrors left and right with a probability. */
export const horizontalFlip: TransformKind<FlipSettings> = flip("horizontalFlip", 0, flipHorizontally);

/** Mirrors top and bottom with a probability. */
export const verticalFlip: TransformKind<FlipSettings> = flip("verticalFlip", 1, flipVertically);

/** Crops a random part of random size. */
export const randomSizeCrop: TransformKind<RandomSizeCropSettings> = kind({
  kind: "randomSizeCrop",
  /** Sides are drawn first, width before height, and the place only where there is a choice: DETR's order of draws. */
  plan: ({ minSide, maxSide }: RandomSizeCropSettings, { width, height }, draws): CropPlan => {
    const cropWidth = draws.integer(Math.min(minSide, width), Math.min(maxSide, width));
    const cropHeight = draws.integer(Math.min(minSide, height), Math.min(maxSide, height));
    if (cropWidth === width && cropHeight === height) return { size: { width, height }, top: 0, left: 0 };
    const top = draws.integer(0, height - cropHeight);
    const left = draws.integer(0, width - cropWidth);
    return { size: { width: cropWidth, height: cropHeight }, top, left };
  },
  ...cropping,
});

/** Crops the middle. */
export const centreCrop: TransformKind<ImageSize> = kind({
  kind: "centreCrop",
  plan: ({ width, height }: ImageSize, size): CropPlan => ({
    size: { width, height },
    top: roundHalfEven((size.height - height) / 2),
    left: roundHalfEven((size.width - width) / 2),
  }),
  ...cropping,
});

/** Adds black pixels at the right and the bottom. */
export const pad: TransformKind<PadSettings> = kind({
  kind: "pad",
  plan: ({ right, bottom }: PadSettings, { width, height }): SizePlan & PadSettings => ({
    size: { width: width + right, height: height + bottom },
    right,
    bottom,
  }),
  apply: (image, { right, bottom }) => padRightBottom(image, right, bottom),
  applyToObjects: (objects, { size, right, bottom }) => ({
    ...objects,
    size,
    ...changedMasks(objects, (mask) => padRightBottom(mask, right, bottom)),
  }),
});

/** The first steps with a probability, otherwise the others. */
export const either: TransformKind<EitherSettings> = kindOf({
  kind: "either",
  steps: ({ probability, first, otherwise }: EitherSettings, _, draws) =>
    draws.uniform() < probability ? first : otherwise,
} satisfies CompositeDefinition<EitherSettings> as CompositeDefinition);

/** The transforms that detrkit has. */
export const builtInTransforms: readonly AnyTransformKind[] = [
  horizontalFlip,
  verticalFlip,
  resize,
  resizeTo,
  letterbox,
  randomSizeCrop,
  centreCrop,
  pad,
  colourJitter,
  expand,
  mosaic,
  either,
];
