import { batchCount, repeatFactors, type TransformRecipe } from "@detrkit/datasets";
import { type DetectorSettings, randomFor } from "@detrkit/detr";
import { detrRecipe, fixedSize, letterboxed, type RecipeOptions } from "@detrkit/image";
import {
  AdamW,
  constantSchedule,
  cosineSchedule,
  type GradientOptimizer,
  type Schedule,
  Sgd,
  stepSchedule,
} from "@detrkit/optim";
import type { TrainingTransforms, TrainOptions } from "@detrkit/training";
import type { RunConfig } from "../configuration/resolve-config.ts";
import type { RunSettings } from "../configuration/run-settings.ts";
import { secondsOf } from "../text.ts";
import type { RunData } from "./open-data.ts";
import { scaledLearningRate } from "./scaled-learning-rate.ts";

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
}

/** Settings whose batch size is known: `auto` was measured. */
export interface SizedConfig extends RunConfig {
  readonly batchSize: number;
}

/** Builds the parts that a run's settings describe. The caller frees model and optimiser. */
export function partsOf(config: SizedConfig, data: RunData): RunParts {
  const { definition, accumulate, batchSize, epochs, seed, learningRateFactors, losses } = config;
  const { averageWeights, earlyStop, auxiliaryLosses: auxiliary } = config;
  const { every: evaluateEvery, loss: validationLoss } = config.evaluation;
  const { repeatThreshold: threshold } = config.sampling;
  const repeats = threshold > 0 ? repeatFactors(data.training, { threshold }) : undefined;
  const batches = batchCount(data.training.length, { batchSize, repeats });
  const detector = detectorOf(config, data.training.classes.length);
  const model = definition.create(detector, { random: randomFor({ seed }) });
  if (learningRateFactors["backbone"] === 0) model.backbone.freeze();
  return {
    model,
    criterion: definition.criterion(losses),
    optimizer: createOptimizer(config, epochs * Math.ceil(batches / accumulate)),
    data,
    detector,
    transforms: {
      training: config.overfit === 0 ? trainingTransformsOf(config) : transformsOf(config, false),
      evaluation: transformsOf(config, false),
    },
    batchSize,
    accumulate,
    averageWeights: averageWeights.decay > 0 ? averageWeights : undefined,
    repeats,
    epochs,
    evaluateEvery,
    seed,
    auxiliary,
    saveEvery: secondsOf(config.saveEvery),
    validationLoss,
    earlyStop: earlyStop.patience > 0 ? earlyStop : undefined,
    stopWhen: ({ metrics }) => metrics !== undefined && hasLearned(config, metrics.AP50),
  };
}

/** Whether AP50 is as high as the settings ask for. */
function hasLearned({ evaluation: { stopAtAp50 }, overfit, overfitGoal }: RunSettings, AP50: number): boolean {
  return (stopAtAp50 > 0 && AP50 > stopAtAp50) || (overfit > 0 && AP50 >= overfitGoal);
}

/** The detector that a run's settings describe, for data of so many classes. */
export function detectorOf({ definition, model }: RunConfig, numClasses: number): DetectorSettings {
  return { ...model, model: definition.name, numClasses };
}

/** How the learning rate moves over a run of so many steps. */
export function createSchedule(
  { epochs, schedule }: Pick<RunSettings, "epochs" | "schedule">,
  totalSteps: number,
): Schedule {
  const { kind, warmupSteps, dropAt, dropEpochs, dropFactor } = schedule;
  if (kind === "constant") return constantSchedule({ warmupSteps });
  if (kind === "cosine") {
    // The wave begins with the run, not after the warm-up: so it was where the recorded curves come from.
    const [rise, fall] = [constantSchedule({ warmupSteps }), cosineSchedule({ totalSteps })];
    return (stepsDone) => rise(stepsDone) * fall(stepsDone);
  }
  const dropAfter =
    dropEpochs.length === 0
      ? [Math.floor(dropAt * totalSteps)]
      : dropEpochs.map((epoch) => epoch * (totalSteps / epochs));
  return stepSchedule({ dropAfter, factor: dropFactor, warmupSteps });
}

/** The optimiser, with rates of their own for the backbone and for what the definition names, and one for all else. */
export function createOptimizer(config: SizedConfig, totalSteps: number): GradientOptimizer {
  const { definition, learningRateFactors: factors } = config;
  const { learningRate } = scaledLearningRate(config);
  const { kind, momentum, weightDecay, clipNorm } = config.optimizer;
  const settings = detectorOf(config, 1);
  const rateOf = (name: string): number => learningRate * (factors[name] ?? 1);
  const shared = {
    groups: [
      { match: "backbone.**", learningRate: rateOf("backbone") },
      ...definition.rateGroups.map(({ name, match }) => ({ match: match(settings), learningRate: rateOf(name) })),
      // Last: the rate that the log shows.
      { learningRate },
    ],
    weightDecay,
    clipNorm,
    schedule: createSchedule(config, totalSteps),
  };
  return kind === "sgd" ? new Sgd({ ...shared, momentum }) : new AdamW(shared);
}

/** What the optimiser's groups are called, in the order of {@link createOptimizer}. */
export function rateNames({ definition }: Pick<RunConfig, "definition">): string[] {
  return ["backbone", ...definition.rateGroups.map(({ name }) => name), "all else"];
}

/**
 * What happens to an image before training sees it, or before the model finds objects in it.
 *
 * @param withMosaic - whether training may put images together, where the settings say so
 */
export function transformsOf(
  { transforms }: Pick<RunSettings, "transforms">,
  training: boolean,
  withMosaic = true,
): TransformRecipe {
  const { kind, size, shortSides, maxSide, flips, mosaic, expand, colourJitter } = transforms;
  const [width = 0, height = 0] = size.split("x").map(Number);
  const options: RecipeOptions = {
    training,
    flips,
    ...(withMosaic && mosaic > 0 && { mosaic: { probability: mosaic } }),
    ...(expand > 0 && { expand: { probability: expand } }),
    ...(Object.values(colourJitter).some((amount) => amount > 0) && { colourJitter }),
  };
  if (kind === "letterbox") return letterboxed({ width, height }, options);
  if (kind === "fixed") return fixedSize({ width, height }, options);
  return detrRecipe({ ...options, shortSides, maxSide });
}

/** The recipe of each epoch of training: the last ones see no mosaics. */
function trainingTransformsOf(config: Pick<RunConfig, "epochs" | "transforms">): (epoch: number) => TransformRecipe {
  const [usual, last] = [transformsOf(config, true), transformsOf(config, true, false)];
  return (epoch) => (epoch < config.epochs - config.transforms.closeMosaic ? usual : last);
}
