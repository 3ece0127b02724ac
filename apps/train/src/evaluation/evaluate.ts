import type { Dataset } from "@detrkit/datasets";
import { evaluateDetections, type EvaluationType, readCocoGroundTruth, readCocoResults } from "@detrkit/evaluation";
import type { DetectorDefinition, EvaluatedDetector, TrainingEvent } from "@detrkit/training";
import { readText } from "../read-file.ts";

/** What an evaluation comes to: COCO's metrics, and those of masks where there are some. */
export type Evaluated = Pick<EvaluatedDetector, "evaluation" | "masks" | "panoptic">;

/** Evaluates a COCO results file, of any detector, against a COCO annotation file. */
export async function evaluateFiles(annotations: string, results: string, type: EvaluationType): Promise<Evaluated> {
  const groundTruth = readCocoGroundTruth(await readText(annotations), annotations);
  const detections = readCocoResults(await readText(results), results, groundTruth);
  return { evaluation: evaluateDetections({ groundTruth, detections, type }) };
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
  /** Score above which an object may be a segment, where panoptic quality is measured; left out: as published. */
  readonly panopticThreshold?: number | undefined;
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
  panopticThreshold,
  report,
}: EvaluateCheckpointOptions): Promise<Evaluated> {
  const [{ loadDetector }, { evaluateDetector }] = await Promise.all([
    import("@detrkit/inference"),
    import("@detrkit/training"),
  ]);
  const say = (text: string): void => report({ kind: "message", text });
  const detector = await loadDetector(checkpoint, {
    detectors,
    onProgress: say,
  });
  const opened = await openImages(detector.classes);
  const dataset = detector.model.maskHead === undefined ? opened : await forMasks(opened, say);
  say(`data: ${dataset.length} images of ${dataset.spec}, split ${dataset.split}`);
  const evaluated = await evaluateDetector({
    detector,
    dataset,
    batchSize,
    ...(panopticThreshold === undefined ? {} : { panopticThreshold }),
    onImages: (image, images) => report({ kind: "evaluation", image, images }),
  });
  if (evaluated === undefined) throw new Error("an evaluation without a signal cannot be stopped");
  return evaluated;
}

/** The images that masks can be measured on; all of them, for boxes only, where the data have no masks at all. */
async function forMasks(dataset: Dataset, say: (line: string) => void): Promise<Dataset> {
  const { hasMasks, keepMasked } = await import("@detrkit/datasets");
  if (!hasMasks(dataset)) {
    say("note: the detector makes masks, but the data have none: only boxes are measured");
    return dataset;
  }
  const masked = keepMasked(dataset);
  const left = dataset.length - masked.length;
  if (left > 0) say(`note: ${left} of ${dataset.length} images are left out, since an object of theirs has no mask`);
  return masked;
}
