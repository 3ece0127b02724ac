import { CheckpointError } from "@detrkit/common";

/** Increased when files of an older detrkit can no longer be read. */
export const checkpointFormatVersion = 1;

/** What a checkpoint says about its model. */
export interface CheckpointMetadata {
  /** Class names by label, `0 … C - 1`. */
  readonly classes: readonly string[];
  /** The data set's own category id of each label. */
  readonly categoryIds: readonly number[];
  /** Everything needed to build the model again; plain JSON. */
  readonly config: unknown;
}

/** Its key among the strings of a safetensors header. */
const headerKey = "detrkit";

/** Whether the strings of a safetensors header are those of a detrkit checkpoint. */
export function hasMetadata(strings: Readonly<Record<string, string>>): boolean {
  return strings[headerKey] !== undefined;
}

export function encodeMetadata(metadata: CheckpointMetadata): Readonly<Record<string, string>> {
  return { [headerKey]: JSON.stringify({ formatVersion: checkpointFormatVersion, ...metadata }) };
}

export function decodeMetadata(strings: Readonly<Record<string, string>>, source: string): CheckpointMetadata {
  const text = strings[headerKey];
  if (text === undefined) {
    throw new CheckpointError(
      `${source}: is a safetensors file, but not a detrkit checkpoint: ` +
        "its header does not describe the model (detrkit can't read runs older than its first format; train again)",
    );
  }
  const { formatVersion, classes, categoryIds, config } = parseObject(text, source);
  if (formatVersion !== checkpointFormatVersion) {
    throw new CheckpointError(
      `${source}: is a checkpoint of format ${String(formatVersion)}; ` +
        `this detrkit reads format ${checkpointFormatVersion}`,
    );
  }
  if (!isListOf(classes, "string") || !isListOf(categoryIds, "number") || classes.length !== categoryIds.length) {
    throw new CheckpointError(
      `${source}: its header does not give as many category ids as class names; the file is damaged`,
    );
  }
  return { classes, categoryIds, config };
}

function parseObject(text: string, source: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  } catch (cause) {
    throw new CheckpointError(
      `${source}: the description of the model in its header is not JSON; the file is damaged`,
      {
        cause,
      },
    );
  }
  throw new CheckpointError(
    `${source}: the description of the model in its header is not a JSON object; the file is damaged`,
  );
}

function isListOf<Kind extends "string" | "number">(
  value: unknown,
  kind: Kind,
): value is (Kind extends "string" ? string : number)[] {
  return Array.isArray(value) && value.every((item) => typeof item === kind);
}
