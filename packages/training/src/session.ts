import { ConfigError, DetrkitError, Random, StorageError } from "@detrkit/common";
import { batchCount, batches, type DetectionBatch, ImageWorkers } from "@detrkit/datasets";
import { Detector } from "@detrkit/inference";
import type { Module } from "@detrkit/nn";
import { type LossWithTerms, type StepResult, WeightAverage } from "@detrkit/optim";
import { dataCategories } from "./data-categories.ts";
import { hasStalled } from "./early-stop.ts";
import { freezeDetector, stepCallOptions } from "./freeze-detector.ts";
import { emptySums, type EpochRecord } from "./epoch-record.ts";
import { isEvaluated, RunPace, type WorkLeft, workLeft } from "./run-pace.ts";
import { RunLock } from "./run-lock.ts";
import { RunStore, type TrainingPosition } from "./run-store.ts";
import { trainingTensors } from "./training-state.ts";
import { type CompleteOptions, completeOptions, trainingRecipe, type TrainOptions } from "./train-options.ts";

/** The number of trainable parameters of a model. */
export function countTrainedParameters(model: Module): number {
  return [...model.trainableParameters().values()].reduce((sum, { size }) => sum + size, 0);
}

/** A run in progress: its parts and its position. */
export class TrainingSession {
  readonly options: CompleteOptions;
  readonly store: RunStore;
  readonly detector: Detector;
  readonly stepsPerEpoch: number;
  /** Changes with every step. */
  readonly position: TrainingPosition;
  readonly pace: RunPace;
  readonly workers: ImageWorkers;
  readonly #batchesPerEpoch: number;
  readonly #average: WeightAverage | undefined;
  readonly #random: Random;
  readonly #lock: RunLock | undefined;
  /** When the state was stored last, as `performance.now()` counts, and after what; at first the start of the run. */
  #saved: { readonly at: number; readonly after?: string } = { at: performance.now() };

  constructor(given: TrainOptions) {
    this.options = completeOptions(given);
    const { accumulate, averageWeights, batchSize, data, detector } = this.options;
    const { model, optimizer, output, repeats, seed, transforms } = this.options;
    if (this.options.freezeDetector) freezeDetector(model);
    this.#batchesPerEpoch = batchCount(data.training.length, { batchSize, repeats });
    this.stepsPerEpoch = Math.ceil(this.#batchesPerEpoch / accumulate);
    this.position = { epoch: 0, stepsDone: 0, step: 0, seed, sums: emptySums() };
    this.pace = new RunPace({ batchSize: batchSize * accumulate, validationImages: data.validation?.length ?? 0 });
    this.#random = new Random(seed);
    const config = detector === undefined ? {} : { detector };
    const description = { ...config, categories: dataCategories(data.training), transforms: transforms.evaluation };
    this.detector = new Detector({ model, description });
    this.#average = averageWeights === undefined ? undefined : new WeightAverage(model, averageWeights);
    this.store = new RunStore(output, this.detector, trainingTensors(optimizer, this.#average));
    this.#lock = this.options.lock ?? (output === undefined ? undefined : RunLock.take(output));
    // Last, since what could not be built is never closed: threads that nobody stops keep the program from ending.
    this.workers = new ImageWorkers();
  }

  /** Whether all steps of the present epoch are done, though its evaluation may not be. */
  get epochTrained(): boolean {
    return this.position.stepsDone >= this.stepsPerEpoch;
  }

  /** Whether the state was stored so long ago that it is to be stored after this step. */
  get saveDue(): boolean {
    return performance.now() - this.#saved.at >= this.options.saveEvery * 1000;
  }

  /** What the run has still to do. */
  get workLeft(): WorkLeft {
    const left = workLeft(this.options, this.stepsPerEpoch, this.position);
    if (this.options.data.validation !== undefined) return left;
    return { ...left, evaluations: 0, plainEpochs: left.evaluations + left.plainEpochs };
  }

  /** Whether the present epoch has to be the last: another one with an evaluation would end later than `endBy`. */
  get outOfTime(): boolean {
    const { endBy = Number.POSITIVE_INFINITY, epochs } = this.options;
    if (this.position.epoch + 1 >= epochs) return false;
    // Nothing is late before steps were timed.
    const seconds = this.pace.secondsLeft({ steps: this.stepsPerEpoch, evaluations: 1, plainEpochs: 0 });
    return seconds !== undefined && performance.now() + seconds * 1000 > endBy;
  }

  /**
   * Whether the present epoch ends with an evaluation.
   *
   * @param ending - whether it is the last, though there could be more
   */
  isEvaluated(ending: boolean): boolean {
    return this.options.data.validation !== undefined && (ending || isEvaluated(this.position.epoch + 1, this.options));
  }

  /** Why the last of these epochs ends the run, though there could be more; undefined where it does not. */
  endedBy(records: readonly EpochRecord[]): "reached" | "stalled" | undefined {
    const { earlyStop, stopWhen } = this.options;
    const last = records.at(-1);
    if (last !== undefined && stopWhen?.(last) === true) return "reached";
    return earlyStop !== undefined && hasStalled(records, earlyStop) ? "stalled" : undefined;
  }

  /** The batches of the present epoch that are still to come. */
  trainingBatches(): AsyncGenerator<DetectionBatch, void, void> {
    const { accumulate, batchSize, data, repeats, seed, transforms } = this.options;
    const { epoch, stepsDone } = this.position;
    const order = { batchSize, seed, epoch, firstBatch: stepsDone * accumulate, repeats, shuffle: true };
    return batches(data.training, {
      ...order,
      transforms: trainingRecipe(transforms, epoch),
      workers: this.workers,
      masks: this.options.model.maskHead !== undefined,
    });
  }

  /**
   * Trains on a batch: takes one optimiser step, or accumulates gradients for it.
   *
   * @returns undefined where the step has more batches
   */
  async train({ images, index, targets }: DetectionBatch): Promise<StepResult | undefined> {
    const { accumulate, criterion, model, optimizer } = this.options;
    const place = index % accumulate;
    const draws = (what: string): Random => this.#random.fork(what, this.position.step * accumulate + place);
    const compute = (): LossWithTerms => {
      const output = model.call(images, stepCallOptions(this.options, draws("dropout")));
      return criterion.call(output, targets, { random: draws("loss") });
    };
    const isLast = place === accumulate - 1 || index === this.#batchesPerEpoch - 1;
    if (!isLast) {
      await optimizer.accumulate?.(model, compute);
      return undefined;
    }
    const result = await optimizer.step(model, compute);
    this.#average?.update();
    return { ...result, terms: withoutAuxiliary(result.terms) };
  }

  /** Does something with the weights that inference will have: the averaged ones, where there are these. */
  async withFinalWeights<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.#average === undefined ? await work() : await this.#average.during(work);
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
    // The evaluation before it is in the log: only training can be lost.
    this.#saved = { ...this.#saved, at: performance.now() };
  }

  /** Sets the run to its last checkpoint. A run that was killed before its first checkpoint starts again. */
  async restore(): Promise<void> {
    const kept = await this.store.restore();
    if (kept !== undefined && kept.seed !== this.position.seed) {
      throw new ConfigError(
        `train: the run in ${this.options.output} has seed ${kept.seed}, got ${this.position.seed}: ` +
          "another seed would be another run; resume with that of the run",
      );
    }
    Object.assign(this.position, kept);
    if (kept !== undefined) this.#noteSaved();
  }

  /**
   * Stores the state of the run.
   *
   * @throws StorageError saying what is stored instead; ConfigError where another process trains in the folder
   */
  async save(): Promise<void> {
    this.expectHeld();
    try {
      await this.withFinalWeights(() => this.store.save(this.position));
    } catch (cause) {
      if (!DetrkitError.isInstance(cause) || cause.code !== "ERR_STORAGE") throw cause;
      const { after } = this.#saved;
      const stored = after === undefined ? "nothing is stored yet" : `what is stored is after ${after}`;
      throw new StorageError(`${cause.message}. The run ends here, ${stored}; resume it then`, { cause });
    }
    this.#noteSaved();
  }

  /** @throws ConfigError where another process has taken the folder over */
  expectHeld(): void {
    this.#lock?.expectHeld();
  }

  #noteSaved(): void {
    const { epoch, stepsDone } = this.position;
    // Counted from now: no training is done, and so none can be lost, while it is saved.
    this.#saved = { at: performance.now(), after: `step ${stepsDone} of epoch ${epoch + 1}` };
  }

  async close(): Promise<void> {
    this.#average?.dispose();
    await this.workers.close();
    if (this.options.lock === undefined) this.#lock?.release();
  }
}

/** The session of a run: at its start, or where its last checkpoint is. */
export async function openSession(options: TrainOptions): Promise<TrainingSession> {
  const session = new TrainingSession(options);
  try {
    if (options.resume === true) await session.restore();
    else session.store.expectNoRun();
    await session.store.tidy();
    return session;
  } catch (error) {
    await session.close();
    throw error;
  }
}

/**
 * The terms of the last decoder layer and of the encoder's proposals (`encoder.boxL1`): those of the layers between say
 * little more.
 */
function withoutAuxiliary(terms: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(terms).filter(([name]) => !name.startsWith("auxiliary.")));
}
