import type { Numbers } from "./workload.ts";

/** The number that is furthest from what it should be. */
export interface Difference {
  /** Share of the largest number of its tensor. NaN where a number is none, or is missing. */
  readonly relative: number;
  /** Name of the tensor. */
  readonly where: string;
}

/**
 * Tensors of smaller numbers than this share of the largest of all are rounding noise: a bias of keys moves no
 * attention, so its gradient is 0 but for rounding.
 */
const noise = 1e-4;

/** How far numbers are from those of the reference, tensor by tensor. */
export function largestDifference(got: Numbers, expected: Numbers): Difference {
  const largest = new Map(
    [...expected].map(([name, values]) => [name, values.reduce((most, value) => Math.max(most, Math.abs(value)), 0)]),
  );
  const least = noise * Math.max(...largest.values());
  let worst: Difference = { relative: 0, where: "" };
  for (const where of new Set([...expected.keys(), ...got.keys()])) {
    const [values, wanted] = [got.get(where), expected.get(where)];
    if (values === undefined || wanted === undefined || values.length !== wanted.length)
      return { relative: NaN, where };
    const furthest = values.reduce((most, value, index) => {
      const distance = Math.abs(value - (wanted[index] ?? NaN));
      // A NaN stays: nothing is larger.
      return distance > most || Number.isNaN(distance) ? distance : most;
    }, 0);
    if (Number.isNaN(furthest)) return { relative: NaN, where };
    const relative = furthest === 0 ? 0 : furthest / Math.max(largest.get(where) ?? 0, least);
    if (relative > worst.relative) worst = { relative, where };
  }
  return worst;
}
