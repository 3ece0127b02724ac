import { ConfigError } from "@detrkit/common";

/** Factor of the learning rates, given the number of steps already done. */
export type Schedule = (stepsDone: number) => number;

/** When a {@link stepSchedule} drops, and by how much. */
export interface StepScheduleConfig {
  /** Numbers of steps after which the rate drops. */
  readonly dropAfter: readonly number[];
  /** Factor of each drop. Default 0.1. */
  readonly factor?: number;
  /** Steps over which the rate first rises. Default 0. */
  readonly warmupSteps?: number;
}

/** A constant rate that drops at given steps. */
export function stepSchedule({ dropAfter, factor = 0.1, warmupSteps = 0 }: StepScheduleConfig): Schedule {
  return (stepsDone) => warmup(stepsDone, warmupSteps) * factor ** dropAfter.filter((step) => stepsDone >= step).length;
}

/** Length and end of a {@link cosineSchedule}. */
export interface CosineScheduleConfig {
  /** Steps of the whole run, warm-up included. */
  readonly totalSteps: number;
  /** Steps over which the rate first rises. Default 0. */
  readonly warmupSteps?: number;
  /** Factor of the rate after the last step. Default 0. */
  readonly finalFactor?: number;
}

/** After the warm-up, half a cosine wave from the full rate down to `finalFactor` of it. */
export function cosineSchedule({ totalSteps, warmupSteps = 0, finalFactor = 0 }: CosineScheduleConfig): Schedule {
  if (!(totalSteps > warmupSteps))
    throw new ConfigError(
      `cosineSchedule: totalSteps must be more than warmupSteps, got ${totalSteps} and ${warmupSteps}`,
    );
  return (stepsDone) => {
    const progress = Math.min(Math.max((stepsDone - warmupSteps) / (totalSteps - warmupSteps), 0), 1);
    const cosine = finalFactor + ((1 - finalFactor) * (1 + Math.cos(Math.PI * progress))) / 2;
    return warmup(stepsDone, warmupSteps) * cosine;
  };
}

/** The same rate from start to end. */
export function constantSchedule({ warmupSteps = 0 }: { readonly warmupSteps?: number } = {}): Schedule {
  return (stepsDone) => warmup(stepsDone, warmupSteps);
}

/** Rises linearly; the first step has a rate above 0, and step `warmupSteps` is the first at the full rate. */
function warmup(stepsDone: number, warmupSteps: number): number {
  return Math.min(1, (stepsDone + 1) / (warmupSteps + 1));
}
