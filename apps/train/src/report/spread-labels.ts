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
