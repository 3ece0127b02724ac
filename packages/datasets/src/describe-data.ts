import { describeFound } from "./detection/found-reader.ts";
import { specOf } from "./data-spec.ts";
import type { DataSpec } from "./reading/reader.ts";

/**
 * In one line what a path was taken for and why; `undefined` where the spec names its format.
 *
 * @throws DataError where nothing that is known lies there
 */
export function describeData(spec: string | DataSpec): string | undefined {
  return describeFound(specOf(spec));
}
