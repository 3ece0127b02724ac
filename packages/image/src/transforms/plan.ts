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
}

/** What will be done to one image, and the size that it then has. */
export interface TransformPlan {
  readonly operations: readonly ImageOperation[];
  readonly size: ImageSize;
}

/**
 * Settles a recipe's steps for one image. What will be done depends on its size and on the draws, not on its pixels.
 *
 * @throws ConfigError naming a step that is unknown, or whose plan is impossible
 */
export function planTransforms(
  steps: readonly (TransformStep | { readonly kind: string })[],
  size: ImageSize,
  draws: Draws,
): TransformPlan {
  const operations: ImageOperation[] = [];
  let current = size;
  for (const step of steps) {
    const transform = stepDefinition(step);
    if ("steps" in transform) {
      const nested = planTransforms(transform.steps(step, current, draws), current, draws);
      operations.push(...nested.operations);
      current = nested.size;
      continue;
    }
    const plan = transform.plan(step, current, draws);
    if (plan === undefined) continue;
    current = plannedSize(transform, plan, current);
    operations.push({ transform, plan });
  }
  return { operations, size: current };
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
 * @throws ConfigError naming a transform whose image is not of the planned size
 */
export function applyOperations(image: RgbImage, operations: readonly ImageOperation[]): RgbImage {
  let current = image;
  for (let index = 0; index < operations.length; index++) {
    const { transform, plan } = operations[index] as ImageOperation;
    const next = operations[index + 1];
    const region = next?.transform.regionOf?.(next.plan);
    const cropped = region === undefined ? undefined : transform.applyRegion?.(current, plan, region);
    const result = cropped ?? transform.apply(current, plan);
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
 * @throws ConfigError naming a transform that leaves boxes which are not numbers, or objects of another size
 */
export function transformObjects(objects: ImageObjects, { transform, plan }: ImageOperation): ImageObjects {
  const changed = transform.applyToObjects?.(objects, plan) ?? objects;
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
  return changed;
}

const sameSize = (a: ImageSize, b: ImageSize): boolean => a.width === b.width && a.height === b.height;

const shown = ({ width, height }: ImageSize): string => `${width}x${height}`;
