import { DetrkitError } from "@detrkit/common";

/** How many of a row's cheapest free columns are remembered. Where many rows compete, a search uses several of them. */
export const shortListLength = 8;

/**
 * Everything the search needs. The arrays lie in one piece of memory: allocating them one by one would cost more than
 * solving a small problem does. `size` rows, `width >= size` columns; a problem with more rows than columns is
 * transposed by swapping the strides, which touches less memory than a copy.
 */
export interface Workspace {
  readonly size: number;
  readonly width: number;
  /** Cost of a pair at `row * rowStride + column * columnStride`. */
  readonly cost: Float64Array;
  readonly rowStride: number;
  readonly columnStride: number;
  /** Dual variables: `cost - rowDual - columnDual` is never negative, and 0 for assigned pairs. */
  readonly rowDual: Float64Array;
  readonly columnDual: Float64Array;
  /** The assignment from both sides; -1 where there is none yet. */
  readonly columnOfRow: Int32Array;
  readonly rowOfColumn: Int32Array;
  /** The columns that have a row. A column with a row may change to another row, but never becomes free. */
  readonly owned: Int32Array;
  /**
   * Length of the shortest known path from the searched row to each owned column, and the row before it on the path.
   */
  readonly distance: Float64Array;
  readonly reachedFrom: Int32Array;
  /** The cheapest free columns of each row, ascending `[size, shortListLength]`; the next one to use, and their end. */
  readonly shortList: Int32Array;
  readonly shortListNext: Int32Array;
  readonly shortListEnd: Int32Array;
}

export function createWorkspace(
  cost: Float64Array | Float32Array,
  size: number,
  width: number,
  transposed: boolean,
): Workspace {
  const buffer = new ArrayBuffer(8 * (size + 2 * width) + 4 * (2 * width + (4 + shortListLength) * size));
  let at = 0;
  const takeDoubles = (length: number): Float64Array => {
    at += 8 * length;
    return new Float64Array(buffer, at - 8 * length, length);
  };
  const takeIntegers = (length: number): Int32Array => {
    at += 4 * length;
    return new Int32Array(buffer, at - 4 * length, length);
  };
  return {
    size,
    width,
    // One kind of array only, so that the engine compiles the loops below for that kind.
    cost: cost instanceof Float64Array ? cost : new Float64Array(cost),
    rowStride: transposed ? 1 : width,
    columnStride: transposed ? size : 1,
    rowDual: takeDoubles(size),
    columnDual: takeDoubles(width),
    distance: takeDoubles(width),
    columnOfRow: takeIntegers(size).fill(-1),
    rowOfColumn: takeIntegers(width).fill(-1),
    owned: takeIntegers(size),
    reachedFrom: takeIntegers(width),
    shortList: takeIntegers(size * shortListLength),
    shortListNext: takeIntegers(size),
    shortListEnd: takeIntegers(size),
  };
}

/** The same problem with the costs of a row side by side in memory. */
export function withAdjacentRows(work: Workspace): Workspace {
  const { size, width, cost } = work;
  const turned = new Float64Array(cost.length);
  for (let row = 0, to = 0; row < size; row++) {
    for (let column = 0, from = row; column < width; column++, to++, from += size) turned[to] = cost[from] as number;
  }
  return { ...work, cost: turned, rowStride: width, columnStride: 1 };
}

/** The error of a problem whose forbidden pairs leave no complete assignment. */
export function infeasible({ size, width }: Workspace): DetrkitError {
  return new DetrkitError(
    "ERR_INFEASIBLE",
    `linearSumAssignment: the entries of +Infinity make ${size} pairs impossible (of ${size} and ${width}); ` +
      `each of the ${size} needs a finite entry of its own`,
  );
}
