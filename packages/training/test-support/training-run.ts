import { type LossTerms, SetCriterion } from "@detrkit/criterion";
import { Random } from "@detrkit/common";
import { createDetector, type DetectionModel, type DetrOutput } from "@detrkit/detr";
import type { Match } from "@detrkit/matcher";
import type { StepResult } from "@detrkit/optim";
import {
  type Fixture,
  type FixtureTensor,
  inMemory,
  inOriginalLayout,
  inputBatch,
  loadOriginalWeights,
  originalGradients,
  targetOf,
} from "@detrkit/test-utils/recorded";
import { type Scalar, tensor } from "@tensorflow/tfjs-core";
import { detectorConfigOf, namesOf } from "../../detr/test-support/original-options.ts";
import { recordingMatcher } from "../../matcher/test-support/original-matcher.ts";
import { originalLosses } from "../../criterion/test-support/original-losses.ts";
import { optimizerOf, type TrainingConfig } from "./original-training.ts";

/** What a model predicts, in plain memory. */
export interface RunOutputs {
  readonly logits: FixtureTensor;
  readonly boxes: FixtureTensor;
}

/** One step of training. */
export interface RunStep extends StepResult {
  /** Layer by layer (the last one last), image by image. */
  readonly matches: readonly Match[];
}

/** Everything that a training case compares, in plain memory; tensors by the original's keys, in its layout. */
export interface TrainingRun {
  readonly decoderLayers: number;
  readonly firstOutputs: RunOutputs;
  /** Of the first step, before they are clipped. */
  readonly firstGradients: ReadonlyMap<string, Float32Array>;
  readonly steps: readonly RunStep[];
  readonly weights: ReadonlyMap<string, Float32Array>;
  readonly outputs: RunOutputs;
}

/**
 * Trains as the case says.
 *
 * @param rounding - seed of a run whose first weights are all moved to a neighbouring number, or left: what comes out
 * otherwise then is due to rounding alone
 */
export async function runTraining(fixture: Fixture, config: TrainingConfig, rounding?: number): Promise<TrainingRun> {
  const detector = detectorConfigOf(
    config.model,
    { ...config.options, lr_backbone: config.args.lr_backbone },
    config.num_classes,
  );
  const model = createDetector(detector, { initialize: false });
  const optimizer = optimizerOf(config);
  try {
    loadOriginalWeights(fixture, model, namesOf(model));
    if (rounding !== undefined) moveToNeighbours(model, new Random(rounding));
    const batch = inputBatch(fixture);
    const targets = batch.sizes.map((_, image) => targetOf(fixture, `in.target.${image}.`));
    const matches: Match[] = [];
    const criterion = criterionOf(config, matches);
    const forward = (): DetrOutput => model.call(batch, { training: true });
    const lossOf = (): { readonly loss: Scalar; readonly terms: LossTerms } => criterion.call(forward(), targets);
    const firstOutputs = read(forward());
    const firstGradients = originalGradients(model, () => lossOf().loss, namesOf(model));
    const steps: RunStep[] = [];
    for (let step = 0; step < config.steps; step++) {
      matches.length = 0;
      steps.push({ ...(await optimizer.step(model, lossOf)), matches: [...matches] });
    }
    const weights = inOriginalLayout(
      new Map([...model.parameters()].map(([path, { value }]) => [path, value])),
      namesOf(model),
    );
    return {
      decoderLayers: detector.transformer.decoderLayers,
      firstOutputs,
      firstGradients,
      steps,
      weights,
      outputs: read(forward()),
    };
  } finally {
    optimizer.dispose();
    model.dispose();
  }
}

/** The case's criterion; every match is also put into `matches`. */
function criterionOf({ args, model, weight_dict: weights }: TrainingConfig, matches: Match[]): SetCriterion {
  const shared = { classes: model === "detr" ? "softmax" : "focal", alpha: args.focal_alpha } as const;
  const costs = [args.set_cost_class, args.set_cost_bbox, args.set_cost_giou] as const;
  return new SetCriterion({
    matcher: recordingMatcher({ ...shared, weights: costs }, matches),
    losses: originalLosses({ ...shared, weights, losses: ["labels", "boxes"], noObjectWeight: args.eos_coef }),
  });
}

function moveToNeighbours(model: DetectionModel, random: Random): void {
  for (const parameter of model.trainableParameters().values()) {
    const values = parameter.value.dataSync<"float32">().map((value) => value * (1 + random.integer(-1, 1) * 2 ** -23));
    parameter.assign(tensor(values, [...parameter.shape]));
  }
}

function read({ logits, boxes }: DetrOutput): RunOutputs {
  return { logits: inMemory(logits), boxes: inMemory(boxes) };
}
