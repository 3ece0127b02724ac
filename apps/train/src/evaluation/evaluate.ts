import type { Dataset } from "@detrkit/datasets";
import {
  type DetectionEvaluation,
  evaluateDetections,
  type EvaluationType,
  readCocoGroundTruth,
  readCocoResults,
} from "@detrkit/evaluation";
import type { DetectorDefinition, TrainingEvent } from "@detrkit/training";
import { readText } from "../read-file.ts";

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

/** What is evaluated, on what. */
export interface EvaluateCheckpointOptions {
  /** A run folder, a file of weights or a folder of Hugging Face. */
  readonly checkpoint: string;
  /** Definitions of detectors that detrkit does not have. */
  readonly detectors: readonly DetectorDefinition[];
  /** Opens the images for a detector of these classes. */
  readonly openImages: (classes: readonly string[]) => Promise<Dataset>;
  readonly batchSize: number;
  readonly report: (event: TrainingEvent) => void;
}

/**
 * Evaluates a checkpoint on images. The tfjs backend must be running already. Models are loaded only
 * here: two files can be evaluated without any.
 */
export async function evaluateCheckpoint({
  checkpoint,
  detectors,
  openImages,
  batchSize,
  report,
}: EvaluateCheckpointOptions): Promise<DetectionEvaluation> {
  const [{ loadDetector }, { evaluateDetector }] = await Promise.all([
    import("@detrkit/inference"),
    import("@detrkit/training"),
  ]);
  const detector = await loadDetector(checkpoint, {
    detectors,
    onProgress: (text) => report({ kind: "message", text }),
  });
  const dataset = await openImages(detector.classes);
  report({ kind: "message", text: `data: ${dataset.length} images of ${dataset.spec}, split ${dataset.split}` });
  const evaluated = await evaluateDetector({
    detector,
    dataset,
    batchSize,
    onImages: (image, images) => report({ kind: "evaluation", image, images }),
  });
  if (evaluated === undefined) throw new Error("an evaluation without a signal cannot be stopped");
  return evaluated.evaluation;
}
