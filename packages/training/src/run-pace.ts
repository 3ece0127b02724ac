/** How long a run is, and after which of its epochs it is evaluated. */
export interface RunLength {
  readonly epochs: number;
  /** 0: after the last one only. */
  readonly evaluateEvery: number;
}

/** Whether an epoch, counted from 1, ends with an evaluation. */
export function isEvaluated(epoch: number, { epochs, evaluateEvery }: RunLength): boolean {
  return epoch === epochs || (evaluateEvery > 0 && epoch % evaluateEvery === 0);
}

/** The work that is left in a run. */
export interface WorkLeft {
  readonly steps: number;
  readonly evaluations: number;
  /** Epochs that end without one. */
  readonly plainEpochs: number;
}

/**
 * The work that is left in a run at a position.
 *
 * @param position - the present epoch, from 0, and how many of its steps are done
 */
export function workLeft(
  length: RunLength,
  stepsPerEpoch: number,
  { epoch, stepsDone }: { readonly epoch: number; readonly stepsDone: number },
): WorkLeft {
  const epochs = Math.max(0, length.epochs - epoch);
  const every = length.evaluateEvery > 0 ? length.evaluateEvery : Number.POSITIVE_INFINITY;
  const regular = Math.floor(length.epochs / every) - Math.floor(epoch / every);
  const evaluations = epochs === 0 ? 0 : regular + (length.epochs % every === 0 ? 0 : 1);
  return { steps: Math.max(0, epochs * stepsPerEpoch - stepsDone), evaluations, plainEpochs: epochs - evaluations };
}

/** The first step allocates memory and compiles: it can take ten times as long as the others. */
const warmUpSteps = 1;

/** Two steps are trusted when they took this long, and so are more: nobody should wait longer for an estimate. */
const enoughSeconds = 10;

/** With less than this, one pause of the machine counts too much. */
const leastSeconds = 3;

/** Standard error of the mean, relative to it, from which on a mean of short steps is trusted. */
const trustedError = 0.1;

/** How much of the past counts: enough for an estimate that stands still, and to follow a machine that gets busy. */
const rememberedSteps = 30;
const rememberedSeconds = 120;

/**
 * An evaluation that was not timed yet: per image a third of a step's time, since a step goes through the model
 * forwards and then, at twice the cost, backwards.
 */
const evaluationShare = 1 / 3;

/** What evaluating costs in images: a batch of training is one step. */
export interface PacedImages {
  readonly batchSize: number;
  readonly validationImages: number;
}

/**
 * How fast a run goes, and so how long it still takes. It is told what the clock says; before what it was told can be
 * trusted, it says nothing.
 */
export class RunPace {
  readonly #stepsOfEvaluation: number;
  #steps = 0;
  #measured = 0;
  #measuredSeconds = 0;
  #mean = 0;
  /** Sum of squared deviations from the mean (Welford). */
  #deviation = 0;
  #trusted = false;
  #evaluation: number | undefined;
  #plainEpochEnd = 0;

  constructor({ batchSize, validationImages }: PacedImages) {
    this.#stepsOfEvaluation = validationImages / batchSize;
  }

  /** Counts a step, from the end of the one before to its own. */
  addStep(seconds: number): void {
    this.#steps += 1;
    if (this.#steps <= warmUpSteps) return;
    this.#measured += 1;
    this.#measuredSeconds += seconds;
    const before = seconds - this.#mean;
    const remembered = Math.max(rememberedSteps, rememberedSeconds / Math.max(this.#mean, 1e-9));
    this.#mean += before / Math.min(this.#measured, remembered);
    this.#deviation += before * (seconds - this.#mean);
    this.#trusted ||= this.#canBeTrusted();
  }

  /** Counts what came after an epoch's last step: the checkpoint, and where it was due evaluation and report. */
  addEpochEnd(seconds: number, evaluated: boolean): void {
    if (evaluated) this.#evaluation = seconds;
    else this.#plainEpochEnd = seconds;
  }

  /** Seconds of a step without the warm-up; undefined until enough steps were timed. */
  get secondsPerStep(): number | undefined {
    return this.#trusted ? this.#mean : undefined;
  }

  /** Seconds of an evaluation: of the last one, or a guess from the steps before the first one. */
  get secondsPerEvaluation(): number | undefined {
    return this.#evaluation ?? (this.#trusted ? this.#mean * this.#stepsOfEvaluation * evaluationShare : undefined);
  }

  /** Seconds until the end of the run; undefined until enough steps were timed. */
  secondsLeft({ steps, evaluations, plainEpochs }: WorkLeft): number | undefined {
    if (!this.#trusted) return undefined;
    return steps * this.#mean + evaluations * (this.secondsPerEvaluation ?? 0) + plainEpochs * this.#plainEpochEnd;
  }

  #canBeTrusted(): boolean {
    if (this.#measured < 2 || this.#measuredSeconds < leastSeconds) return false;
    const error = Math.sqrt(this.#deviation / (this.#measured - 1) / this.#measured);
    return this.#measuredSeconds >= enoughSeconds || error <= trustedError * this.#mean;
  }
}
