import { DataError } from "@detrkit/common";
import { assertGroundTruth, assertResult } from "./check-coco.ts";
import { assertList } from "./check-values.ts";
import type { CocoGroundTruth, CocoResult } from "./coco-types.ts";

function parseJson(json: string, file: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const advice = /\b(NaN|Infinity)\b/.test(json)
      ? "; NaN and Infinity, which Python writes, are not JSON: find out where they come from"
      : "";
    throw new DataError(`${file}: not valid JSON (${reason})${advice}`, { cause });
  }
}

/**
 * Reads a COCO ground truth file and checks every entry.
 * @param json - the file's text
 * @param file - its name, for errors
 */
export function readCocoGroundTruth(json: string, file: string): CocoGroundTruth {
  const value = parseJson(json, file);
  assertGroundTruth(value, file);
  return value;
}

/**
 * Reads a COCO results file and checks every entry.
 * @param json - the file's text
 * @param file - its name, for errors
 * @param groundTruth - where given, results must belong to its images
 */
export function readCocoResults(json: string, file: string, groundTruth?: CocoGroundTruth): readonly CocoResult[] {
  const value = parseJson(json, file);
  assertList(value, `${file}: results`);
  const imageIds = groundTruth && new Set(groundTruth.images.map((image) => image.id));
  const results: CocoResult[] = [];
  for (const [index, entry] of value.entries()) {
    assertResult(entry, imageIds, `${file}: results[${index}]`);
    results.push(entry);
  }
  return results;
}
