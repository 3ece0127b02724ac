import { ConfigError } from "@detrkit/common";
import type { ImageSize } from "@detrkit/common";
import type { RgbImage } from "../raster.ts";
import type { TransformStep } from "./built-in.ts";
import type { ImageObjects } from "./objects.ts";
import { stepDefinition } from "./own-transforms.ts";
import type { Draws, ImagePlan, TransformDefinition } from "./transform.ts";

/** One change of an image with nothing random left in it. */
export interface ImageOperation {
  readonly transform: TransformDefinition;
  readonly plan: ImagePlan;
  /** Other images that it takes, where it takes any. */
  readonly others?: readonly OtherImage[];
}

/** Another image of the data set, which a transform takes beside its own. */
export interface OtherImage {
  /** In the data set. */
  readonly position: number;
  readonly size: ImageSize;
  /** As prepared for training, before any transform. */
  readonly objects: ImageObjects;
}

/** The images that transforms may take beside their own. */
export interface OtherImages {
  readonly length: number;
  /** @param position - from 0 to one less than `length` */
  at(position: number): OtherImage;
}

/** As much of an {@link ImageOperation} as its pixels need. */
export interface PixelOperation extends Pick<ImageOperation, "transform" | "plan"> {
  readonly others?: readonly Pick<OtherImage, "position">[];
}

/** What will be done to one image, and the size that it then has. */
export interface TransformPlan {
  readonly operations: readonly ImageOperation[];
  readonly size: ImageSize;
}

/**
 * Settles a recipe's steps for one image. What will be done depends on its size and on the draws, not on its pixels.
 *
 * @param images - the data set, for transforms that put several images together. Default: none.
 * @throws ConfigError naming a step that is unknown, or whose plan is impossible
 */
export function planTransforms(
  steps: readonly (TransformStep | { readonly kind: string })[],
  size: ImageSize,
  draws: Draws,
  images?: OtherImages,
): TransformPlan {
  const operations: ImageOperation[] = [];
  let current = size;
  for (const step of steps) {
    const transform = stepDefinition(step);
    if ("steps" in transform) {
      const nested = planTransforms(transform.steps(step, current, draws), current, draws, images);
      operations.push(...nested.operations);
      current = nested.size;
      continue;
    }
    const others = drawOthers(transform, transform.others?.(step, draws) ?? 0, draws, images);
    const plan = transform.plan(
      step,
      current,
      draws,
      others.map((other) => other.size),
    );
    if (plan === undefined) continue;
    current = plannedSize(transform, plan, current);
    operations.push({ transform, plan, ...(others.length === 0 ? {} : { others }) });
  }
  return { operations, size: current };
}

function drawOthers(
  { kind }: TransformDefinition,
  count: number,
  draws: Draws,
  images: OtherImages | undefined,
): readonly OtherImage[] {
  if (count === 0) return [];
  if (images !== undefined) return Array.from({ length: count }, () => images.at(draws.integer(0, images.length - 1)));
  throw new ConfigError(
    `transform "${kind}": needs other images of a data set, which only training has; leave it out of this recipe`,
  );
}

function plannedSize({ kind, applyToObjects }: TransformDefinition, { size }: ImagePlan, before: ImageSize): ImageSize {
  if (size === undefined || sameSize(size, before)) return before;
  if (![size.width, size.height].every((side) => Number.isInteger(side) && side > 0))
    throw new ConfigError(`transform "${kind}": plans ${shown(size)} pixels of ${shown(before)}; an image needs some`);
  if (applyToObjects !== undefined) return size;
  throw new ConfigError(
    `transform "${kind}": plans ${shown(size)} pixels of ${shown(before)}, but the boxes would stay where they were; ` +
      "give it an applyToObjects",
  );
}

/**
 * Carries out what was planned on pixels. A crop right after a resize is taken into it: what would be cut off is never
 * computed.
 *
 * @param others - the other images that the operations take, by their position in the data set
 * @throws ConfigError naming a transform whose image is not of the planned size
 */
export function applyOperations(
  image: RgbImage,
  operations: readonly PixelOperation[],
  others: ReadonlyMap<number, RgbImage> = new Map(),
): RgbImage {
  let current = image;
  for (let index = 0; index < operations.length; index++) {
    const { transform, plan, others: taken = [] } = operations[index] as PixelOperation;
    const next = operations[index + 1];
    const region = next?.transform.regionOf?.(next.plan);
    const cropped = region === undefined ? undefined : transform.applyRegion?.(current, plan, region);
    const result =
      cropped ??
      transform.apply(
        current,
        plan,
        taken.map(({ position }) => others.get(position) as RgbImage),
      );
    expectImage(transform, result, cropped === undefined ? (plan.size ?? current) : (region ?? current));
    current = result;
    if (cropped !== undefined) index++;
  }
  return current;
}

function expectImage({ kind }: TransformDefinition, image: RgbImage, wanted: ImageSize): void {
  if (sameSize(image, wanted) && image.data.length === wanted.width * wanted.height * 3) return;
  throw new ConfigError(
    `transform "${kind}": planned ${shown(wanted)} pixels, its apply gave ${shown(image)} with ` +
      `${image.data.length} bytes; expected ${wanted.width * wanted.height * 3} bytes of red, green and blue`,
  );
}

/**
 * The objects after one operation on their image.
 *
 * @throws ConfigError naming a transform that leaves boxes which are not numbers, objects of another size, or masks
 *   that do not belong to them
 */
export function transformObjects(
  objects: ImageObjects,
  { transform, plan, others = [] }: ImageOperation,
): ImageObjects {
  const ofOthers = others.map((other) => other.objects);
  const changed = transform.applyToObjects?.(objects, plan, ofOthers) ?? objects;
  const { boxes, labels, size } = changed;
  const wanted = plan.size ?? objects.size;
  if (!sameSize(size, wanted))
    throw new ConfigError(
      `transform "${transform.kind}": planned ${shown(wanted)} pixels, ` +
        `its applyToObjects gave objects of ${shown(size)}`,
    );
  if (boxes.length !== labels.length * 4 || !boxes.every(Number.isFinite))
    throw new ConfigError(
      `transform "${transform.kind}": its applyToObjects gave ${labels.length} labels and the boxes ` +
        `[${boxes.subarray(0, 8).join(", ")}${boxes.length > 8 ? ", …" : ""}]; expected four finite numbers for each`,
    );
  expectMasks(transform, changed, objects.masks !== undefined);
  return changed;
}

/** Objects that had masks have one each, of the image's size: a transform may forget them where it moves boxes. */
function expectMasks({ kind }: TransformDefinition, { masks, labels, size }: ImageObjects, wanted: boolean): void {
  const others = masks?.find((mask) => !sameSize(mask, size) || mask.data.length !== mask.width * mask.height);
  const isRight = masks === undefined ? !wanted : masks.length === labels.length && others === undefined;
  if (isRight) return;
  const got = others === undefined ? `${masks?.length ?? 0} masks` : `a mask of ${shown(others)}`;
  throw new ConfigError(
    `transform "${kind}": its applyToObjects gave ${labels.length} objects and ${got}; expected a mask of ` +
      `${shown(size)} for each: move masks as it moves boxes (the "mask" of moveObjects)`,
  );
}

const sameSize = (a: ImageSize, b: ImageSize): boolean => a.width === b.width && a.height === b.height;

const shown = ({ width, height }: ImageSize): string => `${width}x${height}`;
