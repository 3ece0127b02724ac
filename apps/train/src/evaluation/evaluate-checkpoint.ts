import { openDataset } from "@detrkit/datasets";
import type { DetectionEvaluation } from "@detrkit/evaluation";
import { loadDetector } from "@detrkit/inference";
import { type DetectorDefinition, evaluateDetector, type TrainingEvent } from "@detrkit/training";

export interface EvaluateCheckpointOptions {
  readonly checkpoint: string;
  /** Definitions of detectors that detrkit does not have. */
  readonly detectors: readonly DetectorDefinition[];
  readonly data: string;
  readonly split: string;
  readonly batchSize: number;
  readonly report: (event: TrainingEvent) => void;
}

/** Evaluates a checkpoint on one split of a data set. The tfjs backend must be running already. */
export async function evaluateCheckpoint({
  checkpoint,
  detectors,
  data,
  split,
  batchSize,
  report,
}: EvaluateCheckpointOptions): Promise<DetectionEvaluation> {
  const detector = await loadDetector(checkpoint, { detectors });
  const dataset = await openDataset(data, { split, classes: detector.classes });
  report({ kind: "message", text: `data: ${dataset.length} images of ${data}, split ${dataset.split}` });
  const evaluated = await evaluateDetector({
    detector,
    dataset,
    batchSize,
    onImages: (image, images) => report({ kind: "evaluation", image, images }),
  });
  if (evaluated === undefined) throw new Error("an evaluation without a signal cannot be stopped");
  return evaluated.evaluation;
}
