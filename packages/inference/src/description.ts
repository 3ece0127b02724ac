import type { CheckpointMetadata } from "@detrkit/checkpoint/browser";
import { CheckpointError } from "@detrkit/common";
import type { Category, DetectorSettings } from "@detrkit/detr";
import { type AnyTransformKind, readSteps, type TransformRecipe } from "@detrkit/image/pixels";

/** What a checkpoint says about its detector: enough to build it again and to prepare images as in training. */
export interface DetectorDescription {
  /**
   * The settings that its family builds it from. A custom model without a family leaves them out: only its own code can
   * build it.
   */
  readonly detector?: DetectorSettings;
  /** The model's classes by label, with the category ids of the data that it was trained on. */
  readonly categories: readonly Category[];
  /** How an image is prepared for the model. */
  readonly transforms: TransformRecipe;
}

/** The description in the form that a checkpoint stores. */
export function descriptionMetadata({ detector, categories, transforms }: DetectorDescription): CheckpointMetadata {
  const stuff = stuffLabels(categories);
  return {
    classes: categories.map(({ name }) => name),
    categoryIds: categories.map(({ id }) => id),
    config: { detector, transforms, ...(stuff.length > 0 && { stuff }) },
  };
}

/** The labels of stuff. */
export function stuffLabels(categories: readonly Category[]): number[] {
  return categories.flatMap(({ isThing = true }, label) => (isThing ? [] : [label]));
}

/** Categories of which those of these labels are stuff, as a file lists them; anything else in it is left out. */
export function withStuff(categories: readonly Category[], labels: unknown): readonly Category[] {
  if (!Array.isArray(labels)) return categories;
  return categories.map((category, label) => (labels.includes(label) ? { ...category, isThing: false } : category));
}

/**
 * The description in a checkpoint's metadata.
 *
 * @param source - the checkpoint's path, for errors
 * @param transformKinds - your own transforms that the description may name: a file holds their settings, not their
 *   code
 * @throws CheckpointError if the metadata do not describe a detector, or name an unknown transform
 */
export function descriptionOf(
  { classes, categoryIds, config }: CheckpointMetadata,
  source: string,
  transformKinds: readonly AnyTransformKind[] = [],
): Required<DetectorDescription> {
  const { detector, transforms, stuff } = (config ?? {}) as Partial<DetectorDescription> & { readonly stuff?: unknown };
  if (detector === undefined && typeof transforms === "object") {
    throw new CheckpointError(
      `${source}: was trained without a configuration of its model (detector), so only your own code can build it: ` +
        "build it there, and load its weights with openCheckpoint and loadModel of @detrkit/checkpoint",
    );
  }
  if (typeof detector !== "object" || typeof transforms !== "object") {
    throw new CheckpointError(
      `${source}: is not a detector checkpoint: its header describes neither a detector nor the transforms of its ` +
        "images",
    );
  }
  return {
    detector,
    transforms: { ...transforms, steps: stepsOf(transforms, source, transformKinds) },
    categories: withStuff(
      classes.map((name, label) => ({ name, id: categoryIds[label] ?? label })),
      stuff,
    ),
  };
}

/** The steps of a recipe that a file holds, checked. @throws CheckpointError where one is unknown */
export function stepsOf(
  { steps }: TransformRecipe,
  source: string,
  kinds: readonly AnyTransformKind[],
): TransformRecipe["steps"] {
  try {
    return readSteps(steps, { kinds, source, option: "transformKinds" });
  } catch (cause) {
    throw new CheckpointError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}
