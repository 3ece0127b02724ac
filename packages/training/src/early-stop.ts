import { ConfigError } from "@detrkit/common";
import { decisiveAp, type EpochRecord } from "./epoch-record.ts";

/** When a run is given up as learning no more. */
export interface EarlyStop {
  /** Evaluations in a row without a better AP after which the run ends. */
  readonly patience: number;
  /** By how much AP has to be better to count. Default 0. */
  readonly minDelta?: number;
}

/** @throws ConfigError where a setting is out of range */
export function expectEarlyStop({ patience, minDelta = 0 }: EarlyStop): void {
  if (!Number.isInteger(patience) || patience < 1)
    throw new ConfigError(`train: earlyStop.patience expected a whole number from 1, got ${patience}`);
  if (!(minDelta >= 0 && minDelta <= 1))
    throw new ConfigError(`train: earlyStop.minDelta expected a number from 0 to 1, got ${minDelta}`);
}

/**
 * Whether the last evaluations brought nothing better. It follows from the log alone, so a resumed run ends where an
 * undisturbed one does.
 */
export function hasStalled(records: readonly EpochRecord[], { patience, minDelta = 0 }: EarlyStop): boolean {
  let best = Number.NEGATIVE_INFINITY;
  let since = 0;
  for (const record of records) {
    const AP = decisiveAp(record);
    if (AP === undefined) continue;
    if (AP > best + minDelta) [best, since] = [AP, 0];
    else since += 1;
  }
  return since >= patience;
}
