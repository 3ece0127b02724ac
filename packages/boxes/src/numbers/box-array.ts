import { ShapeError } from "@detrkit/common";

/** Boxes as plain numbers, four after four: `[N, 4]` row-major. Functions return the kind of array they were given. */
export type BoxArray = Float32Array | Float64Array | number[];

/** Number of boxes `N` in a flat array. */
export function countBoxes(boxes: ArrayLike<number>, what: string): number {
  if (boxes.length % 4 !== 0) {
    throw new ShapeError(`${what}: boxes expected [N, 4] as 4·N numbers, got ${boxes.length} numbers`);
  }
  return boxes.length / 4;
}

/** Number of boxes in each of two arrays, which must be equal. */
export function countPairs(first: ArrayLike<number>, second: ArrayLike<number>, what: string): number {
  const count = countBoxes(first, what);
  if (first.length !== second.length) {
    throw new ShapeError(
      `${what}: expected as many boxes in both arrays, got ${count} and ${second.length / 4}; ` +
        "pairwise functions take unequal numbers",
    );
  }
  return count;
}
