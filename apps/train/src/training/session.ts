import { Random } from "@detrkit/common";
import type { SetCriterion } from "@detrkit/criterion";
import { batchCount, batches, type DetectionBatch, ImageWorkers } from "@detrkit/datasets";
import { createDetector, type DetectionModel } from "@detrkit/detr";
import { Detector } from "@detrkit/inference";
import type { AdamW, StepResult } from "@detrkit/optim";
import { detectorConfig } from "../configuration/model-settings.ts";
import type { TrainingConfig } from "../configuration/training-config.ts";
import { restoreTraining, saveTraining, type TrainingPosition } from "./checkpoint-state.ts";
import { createCriterion } from "./create-criterion.ts";
import { createOptimizer } from "./create-optimizer.ts";
import type { TrainingData } from "./open-data.ts";
import type { RunFolder } from "./run-folder.ts";
import { type WorkLeft, workLeft } from "./run-length.ts";
import { RunPace } from "./run-pace.ts";
import { emptySums } from "./running-sums.ts";
import { evaluationTransforms, trainingTransforms } from "./transform-recipes.ts";

/** A run in progress: its parts, and where it is. */
export class TrainingSession {
  readonly config: TrainingConfig;
  readonly folder: RunFolder;
  readonly data: TrainingData;
  readonly detector: Detector;
  readonly stepsPerEpoch: number;
  readonly parameterCount: number;
  /** Changes with every step. */
  readonly position: TrainingPosition;
  readonly pace: RunPace;
  readonly workers: ImageWorkers;
  readonly #model: DetectionModel;
  readonly #criterion: SetCriterion;
  readonly #optimizer: AdamW;
  readonly #random: Random;
  #reportedAt = Number.NEGATIVE_INFINITY;

  constructor(config: TrainingConfig, folder: RunFolder, data: TrainingData) {
    this.config = config;
    this.folder = folder;
    this.data = data;
    this.stepsPerEpoch = batchCount(data.training.length, config);
    this.position = { epoch: 0, stepsDone: 0, step: 0, seed: config.seed, sums: emptySums() };
    this.pace = new RunPace({ batchSize: config.batchSize, validationImages: data.validation.length });
    this.#random = new Random(config.seed);
    const detector = detectorConfig(config, data.training.classes.length);
    this.#model = createDetector(detector, { seed: config.seed });
    if (config.backboneLearningRateFactor === 0) this.#model.backbone.freeze();
    this.#criterion = createCriterion(config);
    this.#optimizer = createOptimizer(config, config.epochs * this.stepsPerEpoch);
    const categories = data.training.classes.map((name, label) => ({ id: data.training.categoryIds[label] ?? label, name }));
    this.detector = new Detector({ model: this.#model, description: { detector, categories, transforms: evaluationTransforms(config) } });
    this.parameterCount = [...this.#model.trainableParameters().values()].reduce((sum, { size }) => sum + size, 0);
    // Last, since what could not be built is never closed: threads that nobody stops keep the program from ending.
    this.workers = new ImageWorkers();
  }

  /** Whether all steps of the present epoch are done, though its evaluation may not be. */
  get epochTrained(): boolean {
    return this.position.stepsDone >= this.stepsPerEpoch;
  }

  /** What the run has still to do. */
  get workLeft(): WorkLeft {
    return workLeft(this.config, this.stepsPerEpoch, this.position);
  }

  /**
   * Whether another epoch with an evaluation would end later than this, as `performance.now()` counts. Nothing is late
   * before steps were timed.
   */
  isLate(endBy: number = Number.POSITIVE_INFINITY): boolean {
    const seconds = this.pace.secondsLeft({ steps: this.stepsPerEpoch, evaluations: 1, plainEpochs: 0 });
    return seconds !== undefined && performance.now() + seconds * 1000 > endBy;
  }

  /** The batches of the present epoch that are still to come. */
  trainingBatches(): AsyncGenerator<DetectionBatch, void, void> {
    const { config, position } = this;
    return batches(this.data.training, {
      batchSize: config.batchSize,
      transforms: trainingTransforms(config),
      seed: config.seed,
      epoch: position.epoch,
      firstBatch: position.stepsDone,
      shuffle: true,
      workers: this.workers,
    });
  }

  /** Whether a minute has passed since this was last so: drawing pictures after each of many short epochs would take longer than training. */
  reportIsOld(): boolean {
    const now = performance.now();
    if (now - this.#reportedAt < 60_000) return false;
    this.#reportedAt = now;
    return true;
  }

  /** Takes one optimiser step. */
  async step(batch: DetectionBatch): Promise<StepResult> {
    const options = { training: true, random: this.#random.fork("dropout", this.position.step), auxiliary: this.config.auxiliaryLosses };
    const result = await this.#optimizer.step(this.#model, () => this.#criterion.call(this.#model.call(batch.images, options), batch.targets));
    return { ...result, terms: withoutAuxiliary(result.terms) };
  }

  /** Counts a step that was taken. */
  advance(): void {
    this.position.stepsDone += 1;
    this.position.step += 1;
  }

  nextEpoch(): void {
    this.position.epoch += 1;
    this.position.stepsDone = 0;
    this.position.sums = emptySums();
  }

  /** Writes the state of the run, so that it can go on from here. */
  async save(): Promise<void> {
    await saveTraining(this.folder.lastCheckpoint, { model: this.#model, optimizer: this.#optimizer }, this.detector.description, this.position);
  }

  /** Puts the run where its last checkpoint left it. */
  async restore(): Promise<void> {
    Object.assign(this.position, await restoreTraining(this.folder.lastCheckpoint, { model: this.#model, optimizer: this.#optimizer }));
  }

  async close(): Promise<void> {
    await this.workers.close();
    this.#optimizer.dispose();
    this.#model.dispose();
  }
}

/** The terms of the last decoder layer and of the encoder's proposals (`encoder.boxL1`): those of the layers between say little more. */
function withoutAuxiliary(terms: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(terms).filter(([name]) => !name.startsWith("auxiliary.")));
}

/** The session of a folder: at its start, or where its last checkpoint is. */
export async function openSession(config: TrainingConfig, folder: RunFolder, data: TrainingData, resume: boolean): Promise<TrainingSession> {
  const session = new TrainingSession(config, folder, data);
  try {
    if (resume) await session.restore();
    return session;
  } catch (error) {
    await session.close();
    throw error;
  }
}
