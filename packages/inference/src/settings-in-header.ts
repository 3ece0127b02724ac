import { CheckpointError } from "@detrkit/common";
import type { DetectorSettings } from "@detrkit/detr";
import type { TransformRecipe } from "@detrkit/image/pixels";
import { type DetectorDescription, stepsOf, stuffLabels } from "./description.ts";
import { type HuggingFaceConfig, jsonObject, wholeNumber } from "./hugging-face-config.ts";

/** Its key among the strings of a safetensors header. */
const headerKey = "detrkit.settings";

/**
 * What a state dict of the authors' code does not show of its model, as strings for the header of its file: their own
 * programs keep it on the command line.
 */
export function encodeSettings({
  detector,
  categories,
  transforms,
}: Required<DetectorDescription>): Readonly<Record<string, string>> {
  const { transformer, backbone, numQueries } = detector as DetectorSettings & {
    readonly transformer?: { readonly heads?: unknown };
    readonly backbone?: { readonly dilateLastStage?: unknown };
    readonly numQueries?: unknown;
  };
  const settings = {
    heads: transformer?.heads,
    dilateLastStage: backbone?.dilateLastStage,
    numQueries,
    classes: categories.map(({ name }) => name),
    stuff: stuffLabels(categories),
    transforms,
  };
  return { [headerKey]: JSON.stringify(settings) };
}

/**
 * The same, read again; nothing of a file that somebody else wrote.
 *
 * @throws CheckpointError where the text is damaged
 */
export function decodeSettings(strings: Readonly<Record<string, string>>, source: string): Partial<HuggingFaceConfig> {
  const text = strings[headerKey];
  if (text === undefined) return {};
  const { heads, dilateLastStage, numQueries, classes, stuff, transforms } = jsonObject(
    text,
    `${source}: ${headerKey}`,
  );
  if (!Array.isArray(classes) || !classes.every((name) => typeof name === "string") || !isRecipe(transforms))
    throw new CheckpointError(`${source}: ${headerKey} in its header does not hold classes and transforms`);
  return {
    unseen: {
      heads: wholeNumber(heads),
      numQueries: wholeNumber(numQueries),
      dilateLastStage: dilateLastStage === true,
    },
    classes,
    stuff,
    transforms: { ...transforms, steps: stepsOf(transforms, source, []) },
  };
}

function isRecipe(value: unknown): value is TransformRecipe {
  return (
    typeof value === "object" &&
    value !== null &&
    "normalisation" in value &&
    "steps" in value &&
    Array.isArray(value.steps)
  );
}
