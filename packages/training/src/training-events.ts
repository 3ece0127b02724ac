import { DetrkitError } from "@detrkit/common";
import type { EpochRecord } from "./epoch-record.ts";

/** Something a run does that its user wants to see. */
export type TrainingEvent =
  | { readonly kind: "message"; readonly text: string }
  | StepEvent
  | EstimateEvent
  | { readonly kind: "evaluation"; readonly image: number; readonly images: number }
  | { readonly kind: "epoch"; readonly epochs: number; readonly record: EpochRecord };

/** What one step alone came to, where everything else is a mean. */
export interface LatestStep {
  /** Since the start of the run, from 1. */
  readonly step: number;
  readonly loss: number;
  readonly terms: Readonly<Record<string, number>>;
  /** Norm of all gradients together, before clipping. */
  readonly gradientNorm: number;
  /** Of each of the optimiser's groups. */
  readonly learningRates: readonly number[];
}

/** One optimiser step was taken. */
export interface StepEvent {
  readonly kind: "step";
  /** From 1. */
  readonly epoch: number;
  readonly epochs: number;
  /** Of this epoch, from 1. */
  readonly step: number;
  readonly stepsPerEpoch: number;
  /** Mean of the epoch so far, as the terms are. */
  readonly loss: number;
  /** Of the last decoder layer, and with `encoder.` before their names of a two-stage model's proposals; unweighted. */
  readonly terms: Readonly<Record<string, number>>;
  /** Mean of the epoch so far. */
  readonly imagesPerSecond: number;
  /** Part of the epoch's time so far in which the step waited for its images. */
  readonly dataWaitShare: number;
  readonly latest: LatestStep;
  /** Until the end of the run with its evaluations; undefined until enough steps were timed to trust it. */
  readonly secondsLeft: number | undefined;
}

/** How long the run will take. Sent once, when enough steps were timed (the first step does not count). */
export interface EstimateEvent {
  readonly kind: "estimate";
  /** From now to the end of the run. */
  readonly seconds: number;
  readonly stepsLeft: number;
  readonly stepsPerEpoch: number;
  readonly secondsPerStep: number;
  readonly evaluationsLeft: number;
  /** A guess from the time of the steps, since no evaluation was timed yet. */
  readonly secondsPerEvaluation: number;
}

/** A run cannot continue: its loss or gradients are NaN or infinite. */
export class TrainingError extends DetrkitError {
  /** Where it happened, and the images of the step. */
  readonly found: string;

  /** @param advice - what to do about it */
  constructor(found: string, advice: string, cause?: unknown) {
    super("ERR_TRAINING", `${found}\n${advice} A checkpoint that is there is from before this.`, { cause });
    this.found = found;
  }
}
