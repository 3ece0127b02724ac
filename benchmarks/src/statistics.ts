/** What repeated timings of one thing come to. */
export interface Summary {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** Median and extremes: unlike a mean, one run that the machine disturbed doesn't move the median. */
export function summarise(values: readonly number[]): Summary {
  const sorted = values.toSorted((a, b) => a - b);
  const [least] = sorted;
  const most = sorted.at(-1);
  if (least === undefined || most === undefined)
    throw new RangeError("summarise: expected at least one value, got none");
  return { median: median(sorted), least, most };
}

/** The least value that at least `share` of all are not above. @throws RangeError without values */
export function percentile(values: readonly number[], share: number): number {
  const value = values.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(share * values.length) - 1)];
  if (value === undefined) throw new RangeError("percentile: expected at least one value, got none");
  return value;
}

function median(sorted: readonly number[]): number {
  const upper = Math.floor(sorted.length / 2);
  const lower = sorted.length % 2 === 0 ? upper - 1 : upper;
  return ((sorted[lower] ?? Number.NaN) + (sorted[upper] ?? Number.NaN)) / 2;
}
