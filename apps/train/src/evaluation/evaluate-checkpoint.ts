import { openDataset } from "@detrkit/datasets";
import type { DetectionEvaluation } from "@detrkit/evaluation";
import { useBackend } from "../commands/use-backend.ts";
import type { BackendChoice } from "../configuration/training-config.ts";
import { loadDetector } from "../inference/load-detector.ts";
import { type ProgressStream, showProgress } from "../training/show-progress.ts";
import { evaluateDetector } from "./evaluate-detector.ts";

export interface EvaluateCheckpointOptions {
  readonly checkpoint: string;
  readonly data: string;
  readonly split: string;
  readonly batchSize: number;
  readonly backend: BackendChoice;
  readonly stream: ProgressStream;
}

/** Evaluates a checkpoint on one split of a data set. */
export async function evaluateCheckpoint({ checkpoint, data, split, batchSize, backend, stream }: EvaluateCheckpointOptions): Promise<DetectionEvaluation> {
  const report = showProgress(stream);
  const say = (text: string): void => report({ kind: "message", text });
  await useBackend(backend, "inference", say);
  const detector = await loadDetector(checkpoint);
  const dataset = await openDataset(data, { split, classes: detector.description.categories.map(({ name }) => name) });
  say(`data: ${dataset.length} images of ${data}, split ${dataset.split}`);
  const evaluated = await evaluateDetector({ detector, dataset, batchSize, onImages: (image, images) => report({ kind: "evaluation", image, images }) });
  if (evaluated === undefined) throw new Error("an evaluation without a signal cannot be stopped");
  return evaluated.evaluation;
}
