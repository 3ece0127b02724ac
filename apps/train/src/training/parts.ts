import { batchCount, repeatFactors } from "@detrkit/datasets";
import { type DetectorSettings, randomFor } from "@detrkit/detr";
import type { GradientOptimizer } from "@detrkit/optim";
import type { TrainingTransforms, TrainOptions } from "@detrkit/training";
import { detectorOf, type SizedConfig } from "../configuration/resolve-config.ts";
import type { RunSettings } from "../configuration/run-settings.ts";
import type { RunData } from "../data/open-data.ts";
import { secondsOf } from "../text.ts";
import { createOptimizer } from "./run-optimizer.ts";
import { runTransforms } from "./run-transforms.ts";

/** What a run's settings come to: everything that `train` of `@detrkit/training` needs to know of them. */
export interface RunParts extends TrainOptions<object> {
  readonly data: RunData;
  readonly optimizer: GradientOptimizer;
  readonly detector: DetectorSettings;
  readonly transforms: TrainingTransforms;
  readonly batchSize: number;
  readonly accumulate: number;
  readonly seed: number;
  readonly auxiliary: boolean;
  readonly freezeDetector: boolean;
}

/** Builds the parts that a run's settings describe. The caller frees model and optimiser. */
export function partsOf(config: SizedConfig, data: RunData): RunParts {
  const { definition, accumulate, batchSize, epochs, seed, learningRateFactors, losses } = config;
  const { averageWeights, earlyStop, auxiliaryLosses: auxiliary, freezeDetector } = config;
  const { every: evaluateEvery, loss: validationLoss, panopticThreshold } = config.evaluation;
  const { repeatThreshold: threshold } = config.sampling;
  const repeats = threshold > 0 ? repeatFactors(data.training, { threshold }) : undefined;
  const batches = batchCount(data.training.length, { batchSize, repeats });
  const detector = detectorOf(config, data.training.classes.length);
  const model = definition.create(detector, { random: randomFor({ seed }) });
  if (learningRateFactors["backbone"] === 0) model.backbone.freeze();
  return {
    model,
    criterion: definition.criterion(losses, detector),
    optimizer: createOptimizer(config, epochs * Math.ceil(batches / accumulate)),
    data,
    detector,
    transforms: runTransforms(config),
    batchSize,
    accumulate,
    averageWeights: averageWeights.decay > 0 ? averageWeights : undefined,
    repeats,
    epochs,
    evaluateEvery,
    seed,
    auxiliary,
    freezeDetector,
    saveEvery: secondsOf(config.saveEvery),
    validationLoss,
    panopticThreshold,
    earlyStop: earlyStop.patience > 0 ? earlyStop : undefined,
    stopWhen: ({ metrics }) => metrics !== undefined && hasLearned(config, metrics.AP50),
  };
}

/** Whether AP50 is as high as the settings ask for. */
function hasLearned({ evaluation: { stopAtAp50 }, overfit, overfitGoal }: RunSettings, AP50: number): boolean {
  return (stopAtAp50 > 0 && AP50 > stopAtAp50) || (overfit > 0 && AP50 >= overfitGoal);
}
