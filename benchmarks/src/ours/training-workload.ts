import { type BackendName, startBackend } from "@detrkit/backend";
import type { DetectionTarget } from "@detrkit/boxes";
import { Random } from "@detrkit/common";
import { createDetector, type DetectorConfig, type DetrOutput } from "@detrkit/detr";
import { AdamW, type ParameterGroup } from "@detrkit/optim";
import { type Criterion, deformableDetr, detr } from "@detrkit/training";
import { countOperations } from "./count-operations.ts";
import { type BatchSettings, detectionTargets, imageBatch } from "./image-batch.ts";
import { parameterCounts } from "./parameter-counts.ts";
import { profileOperations } from "./profile-model.ts";
import type { Workload } from "./serve-iterations.ts";

export interface TrainingSettings extends BatchSettings {
  readonly model: DetectorConfig;
  readonly learningRate: number;
  readonly backboneLearningRate: number;
  /** Of what decides where Deformable DETR looks. */
  readonly locationLearningRate?: number;
}

export interface TrainingWorkloadOptions {
  /** Default: the fastest to be had. */
  readonly backend?: BackendName | undefined;
  /** Whether operations are counted and timed, which takes several steps. Default true. */
  readonly profiled?: boolean;
}

/** One training step as `detrkit train` does it: forward, matching, losses of all layers, backward, clipping, AdamW. */
export async function trainingWorkload(
  settings: TrainingSettings,
  { backend, profiled = true }: TrainingWorkloadOptions = {},
): Promise<Workload> {
  const { name } = await startBackend({ prefer: backend });
  const model = createDetector(settings.model);
  const random = new Random(1);
  const images = imageBatch(settings);
  const targets = detectionTargets(settings);
  const criterion = criterionOf(settings.model);
  const optimizer = new AdamW({ groups: groupsOf(settings), weightDecay: 1e-4, clipNorm: 0.1 });
  const step = () =>
    optimizer.step(model, () => criterion.call(model.call(images, { training: true, random }), targets));
  const { loss } = await step();
  const operations = profiled ? await countOperations(step) : {};
  const details = profiled ? await profileOperations(step) : [];
  return {
    // Initial weights differ between detrkit and Python, so the losses are there to be seen, not to be equal.
    facts: {
      backend: name,
      ...parameterCounts(model),
      ...(settings.masks === true ? { maskPixels: maskPixelsOf(targets) } : {}),
      ...operations,
      firstLossOurs: loss,
    },
    details,
    iterate: async () => {
      await step();
    },
  };
}

/** Mask losses are at all pixels, as published and as in the peer. */
function criterionOf(model: DetectorConfig): Criterion<DetrOutput> {
  const losses = { maskPoints: 0 };
  return model.model === "detr" ? detr.criterion(losses, model) : deformableDetr.criterion(losses, model);
}

/** How many pixels of all masks are inside. */
function maskPixelsOf(targets: readonly DetectionTarget[]): number {
  return targets.reduce((sum, { masks }) => sum + (masks?.data ?? new Uint8Array()).reduce((a, b) => a + b, 0), 0);
}

function groupsOf({ learningRate, backboneLearningRate, locationLearningRate }: TrainingSettings): ParameterGroup[] {
  const locations = ["**.samplingOffsets.**", "queries.referencePoints.**"];
  return [
    { match: "backbone.**", learningRate: backboneLearningRate },
    ...(locationLearningRate === undefined ? [] : [{ match: locations, learningRate: locationLearningRate }]),
    { learningRate },
  ];
}
