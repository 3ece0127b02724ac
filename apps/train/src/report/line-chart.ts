/** Colours of the lines of a chart, told apart on white and on dark ground; after the last they begin again. */
export const lineColours: readonly string[] = [
  "#2f7ed8",
  "#e8590c",
  "#2b9348",
  "#d6336c",
  "#8465f0",
  "#b08900",
  "#15919b",
  "#6b7280",
];

export function lineColour(index: number): string {
  return lineColours[index % lineColours.length] as string;
}

/**
 * Round values from 0 to at least `highest`, at most `most` steps apart: 1, 2 or 5 times a power of ten, and no finer
 * than `finest`.
 */
export function axisTicks(highest: number, most: number, finest: number): number[] {
  const least = Math.max(highest / most, finest);
  const power = 10 ** Math.floor(Math.log10(least));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= least * (1 - 1e-9)) ?? 10) * power;
  const count = Math.max(1, Math.ceil(highest / step - 1e-9));
  return Array.from({ length: count + 1 }, (_, index) => Number((index * step).toPrecision(12)));
}

/**
 * Moves labels apart that would overlap, each as little as it has to, in their order.
 *
 * @param wanted - where each label would be
 * @param gap - least distance between two
 * @param lowest - the least place allowed, `highest` the greatest; with more labels than fit they go beyond it
 * @returns the places, in the order of `wanted`
 */
export function spreadLabels(wanted: readonly number[], gap: number, lowest: number, highest: number): number[] {
  const order = wanted
    .map((_, index) => index)
    .toSorted((one, other) => (wanted[one] as number) - (wanted[other] as number));
  const placed = Array.from(wanted);
  let free = lowest;
  for (const index of order) {
    placed[index] = Math.max(wanted[index] as number, free);
    free = (placed[index] as number) + gap;
  }
  let limit = Math.max(highest, lowest + gap * (wanted.length - 1));
  for (const index of order.toReversed()) {
    placed[index] = Math.min(placed[index] as number, limit);
    limit = (placed[index] as number) - gap;
  }
  return placed;
}

/** A name that fits beside a line. */
export function shortName(name: string): string {
  return name.length > 22 ? `${name.slice(0, 21)}…` : name;
}
