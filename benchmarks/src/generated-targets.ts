import { Random } from "@detrkit/common";

/** Objects of one image, as both sides are told. */
export interface GeneratedTarget {
  readonly labels: readonly number[];
  /** cxcywh, normalised. */
  readonly boxes: readonly (readonly number[])[];
}

/** Boxes anywhere in an image, `counts[image]` of them. */
export function generatedTargets(counts: readonly number[], classes: number): readonly GeneratedTarget[] {
  const random = new Random(7);
  const box = (): readonly number[] => {
    const [width, height] = [0.05 + 0.4 * random.uniform(), 0.05 + 0.4 * random.uniform()];
    return [width / 2 + (1 - width) * random.uniform(), height / 2 + (1 - height) * random.uniform(), width, height];
  };
  return counts.map((count) => ({
    labels: Array.from({ length: count }, () => random.integer(0, classes - 1)),
    boxes: Array.from({ length: count }, box),
  }));
}
