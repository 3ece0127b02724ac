import type { CheckpointMetadata } from "@detrkit/checkpoint";
import { CheckpointError } from "@detrkit/common";
import type { TransformRecipe } from "@detrkit/datasets";
import type { Category, DetectorConfig } from "@detrkit/detr";

/** What a checkpoint says about its model, so that it can be used without the run's settings. */
export interface DetectorDescription {
  readonly detector: DetectorConfig;
  /** The model's classes by label, with the ids of the data it was trained on. */
  readonly categories: readonly Category[];
  /** What happens to an image before the model sees it. */
  readonly transforms: TransformRecipe;
}

/** The description as a checkpoint keeps it. */
export function descriptionMetadata({ detector, categories, transforms }: DetectorDescription): CheckpointMetadata {
  return {
    classes: categories.map(({ name }) => name),
    categoryIds: categories.map(({ id }) => id),
    config: { detector, transforms },
  };
}

/** The description that a checkpoint's metadata hold. */
export function descriptionOf({ classes, categoryIds, config }: CheckpointMetadata, path: string): DetectorDescription {
  const { detector, transforms } = (config ?? {}) as Partial<DetectorDescription>;
  if (typeof detector !== "object" || typeof transforms !== "object") {
    throw new CheckpointError(`${path}: is no checkpoint of \`detrkit train\`: its header does not describe a detector and the transforms of its images`);
  }
  return { detector, transforms, categories: classes.map((name, label) => ({ name, id: categoryIds[label] ?? label })) };
}
