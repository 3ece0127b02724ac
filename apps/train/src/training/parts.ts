import {
  boxL1,
  classError,
  focalClassification,
  generalizedIou,
  type PredictionLoss,
  SetCriterion,
  softmaxClassification,
} from "@detrkit/criterion";
import { batchCount, type TransformRecipe, type TransformStep } from "@detrkit/datasets";
import { createDetector } from "@detrkit/detr";
import { imagenetNormalisation } from "@detrkit/image";
import {
  boxL1 as boxL1Cost,
  classProbability,
  focalClass,
  generalizedIou as generalizedIouCost,
  HungarianMatcher,
  type MatchCost,
} from "@detrkit/matcher";
import { AdamW, constantSchedule, cosineSchedule, type Schedule, stepSchedule } from "@detrkit/optim";
import type { TrainOptions } from "@detrkit/training";
import { detectorConfig, modelOf } from "../configuration/model-settings.ts";
import type { TrainingConfig } from "../configuration/training-config.ts";
import type { RunData } from "./open-data.ts";

/** What a run's settings come to: everything that `train` of `@detrkit/training` needs to know of them. */
export interface RunParts extends TrainOptions {
  readonly data: RunData;
  readonly optimizer: AdamW;
}

/** Builds the parts that a run's settings describe. The caller frees model and optimiser. */
export function partsOf(config: TrainingConfig, data: RunData): RunParts {
  const { batchSize, epochs, evaluateEvery, seed, stopAtAp50, auxiliaryLosses: auxiliary } = config;
  const detector = detectorConfig(config, data.training.classes.length);
  const model = createDetector(detector, { seed });
  if (config.backboneLearningRateFactor === 0) model.backbone.freeze();
  return {
    model,
    criterion: createCriterion(config),
    optimizer: createOptimizer(config, epochs * batchCount(data.training.length, { batchSize })),
    data,
    detector,
    transforms: { training: trainingTransforms(config), evaluation: evaluationTransforms(config) },
    batchSize,
    epochs,
    evaluateEvery,
    seed,
    auxiliary,
    stopWhen: ({ metrics }) => stopAtAp50 > 0 && (metrics?.AP50 ?? -1) > stopAtAp50,
  };
}

/** How classes are learned: what a match of them costs, and their loss. */
interface Classification {
  readonly cost: MatchCost;
  readonly loss: PredictionLoss;
}

/** The set loss of a run's model: the weights of the losses are those of the matching costs. */
export function createCriterion(config: TrainingConfig): SetCriterion {
  const { boxL1Weight, giouWeight } = config;
  const isDeformable = modelOf(config) === "deformable-detr";
  const { cost, loss } = isDeformable ? sigmoidClasses(config) : softmaxClasses(config);
  return new SetCriterion({
    matcher: new HungarianMatcher({ costs: [cost, boxL1Cost(boxL1Weight), generalizedIouCost(giouWeight)] }),
    losses: [loss, boxL1({ weight: boxL1Weight }), generalizedIou({ weight: giouWeight })],
    // Without a no-object class the cardinality error means nothing.
    ...(isDeformable ? { logged: [classError()] } : {}),
  });
}

function softmaxClasses({ classWeight, noObjectWeight }: TrainingConfig): Classification {
  const options = noObjectWeight === undefined ? {} : { noObjectWeight };
  return { cost: classProbability(classWeight), loss: softmaxClassification({ weight: classWeight, ...options }) };
}

function sigmoidClasses({ classWeight, focalAlpha }: TrainingConfig): Classification {
  const options = focalAlpha === undefined ? {} : { alpha: focalAlpha };
  return { cost: focalClass(classWeight, options), loss: focalClassification({ weight: classWeight, ...options }) };
}

/** How the learning rate moves over a run of so many steps. */
export function createSchedule(config: TrainingConfig, totalSteps: number): Schedule {
  const { schedule, warmupSteps, dropAt, dropFactor } = config;
  if (schedule === "constant") return constantSchedule({ warmupSteps });
  if (schedule === "cosine") {
    // The wave begins with the run, not after the warm-up: so it was where the recorded curves come from.
    const [rise, fall] = [constantSchedule({ warmupSteps }), cosineSchedule({ totalSteps })];
    return (stepsDone) => rise(stepsDone) * fall(stepsDone);
  }
  return stepSchedule({ dropAfter: [Math.floor(dropAt * totalSteps)], factor: dropFactor, warmupSteps });
}

/**
 * Parameters that decide where deformable attention looks; their gradients are steep. With two stages the proposals are
 * the reference points, and no parameter makes them.
 */
function samplingParameters({ twoStage }: TrainingConfig): readonly string[] {
  return ["**.samplingOffsets.*", ...(twoStage === true ? [] : ["referencePoints.*"])];
}

/** AdamW as the models were published with: rates of their own for backbone and sampling points, one for all else. */
export function createOptimizer(config: TrainingConfig, totalSteps: number): AdamW {
  const { learningRate, backboneLearningRateFactor, samplingLearningRateFactor, weightDecay, clipNorm } = config;
  const ofSampling =
    samplingLearningRateFactor === undefined
      ? []
      : [{ match: samplingParameters(config), learningRate: learningRate * samplingLearningRateFactor }];
  return new AdamW({
    groups: [
      { match: "backbone.**", learningRate: learningRate * backboneLearningRateFactor },
      ...ofSampling,
      // Last: the rate that the log shows.
      { learningRate },
    ],
    weightDecay,
    clipNorm,
    schedule: createSchedule(config, totalSteps),
  });
}

/** `320x240` as numbers. */
function parseImageSize(text: string): { readonly width: number; readonly height: number } {
  const [width = 0, height = 0] = text.split("x").map(Number);
  return { width, height };
}

function flips(config: TrainingConfig): TransformStep[] {
  const horizontal: TransformStep = { kind: "horizontalFlip", probability: 0.5 };
  const vertical: TransformStep = { kind: "verticalFlip", probability: 0.5 };
  return config.flips === "none" ? [] : config.flips === "horizontal" ? [horizontal] : [horizontal, vertical];
}

/** What happens to an image before training sees it. DETR resizes, half the time after cutting out a random part. */
export function trainingTransforms(config: TrainingConfig): TransformRecipe {
  const { imageSize, shortSides, maxSide } = config;
  const normalisation = imagenetNormalisation;
  if (config.transforms === "fixed") {
    return { steps: [...flips(config), { kind: "resizeTo", ...parseImageSize(imageSize) }], normalisation };
  }
  const resize: TransformStep = { kind: "resize", shortSides, maxSide };
  const part: readonly TransformStep[] = [
    { kind: "resize", shortSides: [400, 500, 600] },
    { kind: "randomSizeCrop", minSide: 384, maxSide: 600 },
    resize,
  ];
  const either: TransformStep = { kind: "either", probability: 0.5, first: [resize], otherwise: part };
  return { steps: [...flips(config), either], normalisation };
}

/** What happens to an image when nothing is left to chance. */
export function evaluationTransforms(config: TrainingConfig): TransformRecipe {
  const resize: TransformStep =
    config.transforms === "fixed"
      ? { kind: "resizeTo", ...parseImageSize(config.imageSize) }
      : { kind: "resize", shortSides: [Math.max(...config.shortSides)], maxSide: config.maxSide };
  return { steps: [resize], normalisation: imagenetNormalisation };
}
