import type { DetectionTarget } from "@detrkit/boxes";
import { ConfigError, DataError } from "@detrkit/common";
import type { CriterionCallOptions } from "@detrkit/criterion";
import { type Dataset, detrEvaluation, detrTraining, type TransformRecipe } from "@detrkit/datasets";
import type { DetectionModel, DetectorSettings, DetrOutput } from "@detrkit/detr";
import type { GradientOptimizer, LossWithTerms, WeightAverageConfig } from "@detrkit/optim";
import { type EarlyStop, expectEarlyStop } from "./early-stop.ts";
import type { EpochRecord } from "./epoch-record.ts";
import { type EvaluatedDetector, evaluateDetector, type EvaluateDetectorOptions } from "./evaluate-detector.ts";
import type { RunLock } from "./run-lock.ts";
import type { TrainingEvent } from "./training-events.ts";

/** A loss: SetCriterion of `@detrkit/criterion`, or anything of its signature. */
export interface Criterion<Output extends object = DetrOutput> {
  /**
   * @param targets - one for each of the batch's images
   * @param options - random numbers for a loss that draws some: the same whenever a run comes to this step
   */
  call(prediction: Output, targets: readonly DetectionTarget[], options?: CriterionCallOptions): LossWithTerms;
}

/**
 * What changes the weights: one of `@detrkit/optim`, or anything that does these three. Only with `accumulate` can a
 * step have several batches.
 */
export type Optimizer = Pick<GradientOptimizer, "step" | "readState" | "loadState"> &
  Partial<Pick<GradientOptimizer, "accumulate">>;

/** What a run trains on and what it is measured on. Labels mean the same classes in both. */
export interface TrainingData {
  readonly training: Dataset;
  /** Without it nothing is evaluated, and no checkpoint is the best one. */
  readonly validation?: Dataset;
}

/** What happens to images before the model sees them. */
export interface TrainingTransforms {
  /** The same for all epochs, or that of each, counted from 0: a mosaic is left out of the last ones, for example. */
  readonly training: TransformRecipe | ((epoch: number) => TransformRecipe);
  /** Also stored in checkpoints, for inference. */
  readonly evaluation: TransformRecipe;
}

/** What happens to training images in an epoch, counted from 0. */
export function trainingRecipe({ training }: TrainingTransforms, epoch: number): TransformRecipe {
  return typeof training === "function" ? training(epoch) : training;
}

/** An epoch that is done, but for its line in the log. */
export interface FinishedEpoch {
  readonly record: EpochRecord;
  /** Of all epochs so far, this one last. */
  readonly records: readonly EpochRecord[];
  /** Undefined where no evaluation was due. */
  readonly evaluated: EvaluatedDetector | undefined;
  /** Whether the run ends with it. */
  readonly last: boolean;
}

/**
 * The parts that are trained, and how. Parts stay the caller's, who frees them.
 *
 * What is not built in goes around these parts: of several processes each has its share of `data`. `optimizer` adds up
 * gradients, the criterion's `averageBoxCount` the boxes, `evaluate` the detections, and only one process has an
 * `output`.
 */
export interface TrainOptions<Output extends object = DetrOutput> {
  readonly model: DetectionModel<Output>;
  readonly criterion: Criterion<Output>;
  readonly optimizer: Optimizer;
  readonly data: TrainingData;
  /** Folder for log, metrics and checkpoints; without it nothing is kept on disk. */
  readonly output?: string | undefined;
  /** The settings that the model was built from. Only with it can `loadDetector` build that of a checkpoint again. */
  readonly detector?: DetectorSettings;
  /** Default: `detrTraining` and `detrEvaluation`. */
  readonly transforms?: TrainingTransforms;
  /** Images that go through the model together. Default 4. */
  readonly batchSize?: number;
  /**
   * Batches of a step. Its gradient is the mean of theirs, and each batch's loss is divided by its own number of boxes.
   * The last step of an epoch may have fewer. Default 1.
   */
  readonly accumulate?: number;
  /**
   * Keeps a moving average of the weights. It is what is evaluated and what inference loads from the checkpoints; the
   * weights that are trained lie beside it. Default: no average.
   */
  readonly averageWeights?: WeightAverageConfig | undefined;
  /**
   * How often each training image comes in an epoch, on average, one number for each: `repeatFactors` of
   * `@detrkit/datasets` balances rare classes. An epoch then has their sum of images. Default: each once.
   */
  readonly repeats?: ArrayLike<number> | undefined;
  /** Passes over the training images. Default 1; a run that is done goes on with `resume` and more of them. */
  readonly epochs?: number;
  /** Epochs from one evaluation to the next; 0 evaluates after the last one only. Default 1. */
  readonly evaluateEvery?: number;
  /** Decides order and augmentation of the images, dropout, and what losses draw. Default 0. */
  readonly seed?: number;
  /** Whether the decoder layers before the last are trained too, by losses of their own. Default true. */
  readonly auxiliary?: boolean;
  /**
   * Whether only the mask head of the model is trained. All else is frozen, runs as in inference and costs no
   * gradients; its losses are still reported. Default false.
   */
  readonly freezeDetector?: boolean;
  /** Whether to go on from the checkpoint in `output`, where there is one. Default false: a run there is refused. */
  readonly resume?: boolean;
  /**
   * Seconds from one save of the run's state to the next, within an epoch too: the most training that a kill costs, but
   * for the step that it falls in. 0 saves after every step. Default 120.
   */
  readonly saveEvery?: number;
  /** The lock on `output`, where the caller has taken it. Default: it is taken and given back here. */
  readonly lock?: RunLock;
  /** Whether the loss on the validation images is computed beside their metrics. Default true. */
  readonly validationLoss?: boolean;
  /** Score above which a query may be a segment, where panoptic quality is measured. Default 0.85, as published. */
  readonly panopticThreshold?: number;
  /** How the detector is measured on the validation images. Default: `evaluateDetector`. */
  readonly evaluate?: (options: EvaluateDetectorOptions) => Promise<EvaluatedDetector | undefined>;
  /** Asked after every epoch; true ends the run. Asked of the last epoch again when the run is resumed. */
  readonly stopWhen?: ((record: EpochRecord) => boolean) | undefined;
  /** Ends the run when several evaluations in a row bring no better AP. Default: never. */
  readonly earlyStop?: EarlyStop | undefined;
  /**
   * When the run is to be over, as `performance.now()` counts: an epoch after which another one would end later is the
   * last, and is evaluated as that. Numbers then depend on the clock.
   */
  readonly endBy?: number | undefined;
  /** When it aborts, the run finishes its step, saves its state and returns. */
  readonly signal?: AbortSignal | undefined;
  readonly report?: ((event: TrainingEvent) => void) | undefined;
  /** Awaited once, when the parts were found to fit and a checkpoint was read, before anything is written. */
  readonly beforeTraining?: () => Promise<void>;
  /**
   * Awaited after every epoch, when its checkpoint and metrics are written and its line in the log is not: a run that
   * is killed before that does all of this again when it is resumed.
   */
  readonly afterEpoch?: (epoch: FinishedEpoch) => Promise<void>;
}

/** How a run ended. */
export interface TrainingOutcome {
  /**
   * `stopped`: by its signal, to be resumed. `reached`: `stopWhen` said so. `stalled`: `earlyStop` did. `outOfTime`: no
   * epoch more would have ended by `endBy`. `finished`: all epochs done.
   */
  readonly state: "finished" | "outOfTime" | "reached" | "stalled" | "stopped";
  readonly records: readonly EpochRecord[];
}

/** Options that have a default. */
type Defaulted =
  | "transforms"
  | "batchSize"
  | "accumulate"
  | "epochs"
  | "evaluateEvery"
  | "seed"
  | "auxiliary"
  | "freezeDetector"
  | "saveEvery"
  | "validationLoss"
  | "panopticThreshold"
  | "evaluate";

/** Options with nothing left open that has a default. */
export type CompleteOptions = TrainOptions & Required<Pick<TrainOptions, Defaulted>>;

const defaults: Required<Pick<TrainOptions, Defaulted>> = {
  transforms: { training: detrTraining, evaluation: detrEvaluation },
  batchSize: 4,
  accumulate: 1,
  epochs: 1,
  evaluateEvery: 1,
  seed: 0,
  auxiliary: true,
  freezeDetector: false,
  saveEvery: 120,
  validationLoss: true,
  panopticThreshold: 0.85,
  evaluate: evaluateDetector,
};

/**
 * Fills in the defaults.
 *
 * @throws ConfigError where an option is out of range, or model and data have different classes
 * @throws DataError where there are no images to train on
 */
export function completeOptions(given: TrainOptions): CompleteOptions {
  const options = { ...defaults, ...given };
  expectFitting(options);
  return options;
}

function expectFitting({
  accumulate,
  data: { training, validation },
  earlyStop,
  epochs,
  evaluateEvery,
  model,
  optimizer,
  saveEvery,
}: CompleteOptions): void {
  const expectWhole = (name: string, value: number, least: number): void => {
    if (Number.isInteger(value) && value >= least) return;
    throw new ConfigError(`train: ${name} expected a whole number from ${least}, got ${value}`);
  };
  if (training.length === 0) {
    throw new DataError(`train: ${training.spec}, split ${training.split}, has no images to train on`);
  }
  expectWhole("epochs", epochs, 1);
  expectWhole("evaluateEvery", evaluateEvery, 0);
  expectWhole("accumulate", accumulate, 1);
  if (earlyStop !== undefined) expectEarlyStop(earlyStop);
  if (accumulate > 1 && optimizer.accumulate === undefined)
    throw new ConfigError(`train: accumulate is ${accumulate}, but the optimizer has no method accumulate`);
  if (!(saveEvery >= 0)) throw new ConfigError(`train: saveEvery expected seconds from 0, got ${saveEvery}`);
  const classes = training.classes.join(", ");
  if (model.numClasses !== training.classes.length) {
    throw new ConfigError(
      `train: the model has ${model.numClasses} classes, the training data ${training.classes.length} (${classes}); ` +
        "build the model with numClasses: data.training.classes.length",
    );
  }
  if (validation !== undefined && validation.classes.join(", ") !== classes) {
    throw new ConfigError(
      `train: the training data has classes ${classes}, the validation data ${validation.classes.join(", ")}; ` +
        "open it with openDataset(…, { classes: training.classes })",
    );
  }
}
