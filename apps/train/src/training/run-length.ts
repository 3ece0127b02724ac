import type { TrainingConfig } from "../configuration/training-config.ts";

/** The settings that say how long a run is. */
export type RunLengthSettings = Pick<TrainingConfig, "epochs" | "evaluateEvery">;

/** Whether an epoch, counted from 1, ends with an evaluation. */
export function isEvaluated(epoch: number, { epochs, evaluateEvery }: RunLengthSettings): boolean {
  return epoch === epochs || (evaluateEvery > 0 && epoch % evaluateEvery === 0);
}

/** What of a run is still to be done. */
export interface WorkLeft {
  readonly steps: number;
  readonly evaluations: number;
  /** Epochs that end without one. */
  readonly plainEpochs: number;
}

/**
 * The work that a run has before it.
 *
 * @param position - the present epoch, from 0, and how many of its steps are done
 */
export function workLeft(
  settings: RunLengthSettings,
  stepsPerEpoch: number,
  { epoch, stepsDone }: { readonly epoch: number; readonly stepsDone: number },
): WorkLeft {
  const epochs = Math.max(0, settings.epochs - epoch);
  const every = settings.evaluateEvery > 0 ? settings.evaluateEvery : Number.POSITIVE_INFINITY;
  const regular = Math.floor(settings.epochs / every) - Math.floor(epoch / every);
  const evaluations = epochs === 0 ? 0 : regular + (settings.epochs % every === 0 ? 0 : 1);
  return { steps: Math.max(0, epochs * stepsPerEpoch - stepsDone), evaluations, plainEpochs: epochs - evaluations };
}
