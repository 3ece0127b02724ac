import { readFile } from "node:fs/promises";
import { DataError } from "@detrkit/common";
import {
  type DetectionEvaluation,
  evaluateDetections,
  type EvaluationType,
  readCocoGroundTruth,
  readCocoResults,
} from "@detrkit/evaluation";

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new DataError(`${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
}

/** Evaluates a COCO results file, of any detector, against a COCO annotation file. */
export async function evaluateFiles(
  annotations: string,
  results: string,
  type: EvaluationType,
): Promise<DetectionEvaluation> {
  const groundTruth = readCocoGroundTruth(await readText(annotations), annotations);
  const detections = readCocoResults(await readText(results), results, groundTruth);
  return evaluateDetections({ groundTruth, detections, type });
}
