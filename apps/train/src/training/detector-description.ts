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

const keys = ["detector", "categories", "transforms"] as const;

/** The description as strings of a checkpoint's header. */
export function describeInMetadata(description: DetectorDescription): Record<string, string> {
  return { format: "detrkit", ...Object.fromEntries(keys.map((key) => [key, JSON.stringify(description[key])])) };
}

/** The description from the strings of a checkpoint's header. */
export function readFromMetadata(metadata: Readonly<Record<string, string>>, path: string): DetectorDescription {
  const missing = keys.filter((key) => metadata[key] === undefined);
  if (missing.length > 0) {
    throw new CheckpointError(`${path}: is no checkpoint of \`detrkit train\`: its header says nothing about ${missing.join(", ")}`);
  }
  try {
    return Object.fromEntries(keys.map((key) => [key, JSON.parse(metadata[key] ?? "")])) as unknown as DetectorDescription;
  } catch (cause) {
    throw new CheckpointError(`${path}: its header cannot be read; is the file damaged?`, { cause });
  }
}
