import { ShapeError } from "@detrkit/common";
import { readByColumn, readByRow, takeCheapestColumns } from "./assignment/first-choices.ts";
import { assignByShortestPath } from "./assignment/shortest-path.ts";
import { createWorkspace, withAdjacentRows, type Workspace } from "./assignment/workspace.ts";

/**
 * If fewer rows than this share find their cheapest column free, the searches are long, and a copy of the costs pays
 * off.
 */
const crowded = 0.7;

/** Which row takes which column: `min(R, C)` pairs, sorted by row. */
export interface Assignment {
  readonly rows: Int32Array;
  readonly columns: Int32Array;
}

/**
 * The cheapest way to give each of the `R` rows its own of the `C` columns (or, where there are more rows, each column
 * its own row): exact, in `O(min(R, C)² · max(R, C))`.
 *
 * Shortest augmenting paths with dual variables, initialised as by Jonker and Volgenant (1987), for rectangles as by
 * Crouse (2016). An entry of +Infinity forbids a pair.
 *
 * @param cost - `[R, C]` row-major
 * @throws DetrkitError `ERR_NON_FINITE` where an entry is NaN or -Infinity, `ERR_INFEASIBLE` where the forbidden pairs
 *   leave no complete assignment
 */
export function linearSumAssignment(cost: Float64Array | Float32Array, rows: number, columns: number): Assignment {
  if (cost.length !== rows * columns) {
    throw new ShapeError(
      `linearSumAssignment: cost expected [${rows}, ${columns}] as ${rows * columns} numbers, got ${cost.length}`,
    );
  }
  const transposed = rows > columns;
  const size = transposed ? columns : rows;
  const width = transposed ? rows : columns;
  if (size === 0) return { rows: new Int32Array(0), columns: new Int32Array(0) };
  let work = createWorkspace(cost, size, width, transposed);
  if (transposed) readByColumn(work);
  else readByRow(work);
  let assigned = takeCheapestColumns(work);
  if (transposed && assigned < crowded * size) work = withAdjacentRows(work);
  for (let row = 0; row < size; row++) {
    if ((work.columnOfRow[row] as number) >= 0) continue;
    work.owned[assigned] = assignByShortestPath(row, assigned, work);
    assigned++;
  }
  return transposed ? pairsByColumn(work) : pairsByRow(work);
}

/**
 * The pairs, written over arrays that are no longer needed: this saves two allocations, which matter for small
 * problems.
 */
function pairsByRow({ size, columnOfRow, shortListNext: rows }: Workspace): Assignment {
  for (let row = 0; row < size; row++) rows[row] = row;
  return { rows, columns: columnOfRow };
}

/** The same for a transposed problem: its columns are the caller's rows. */
function pairsByColumn({ width, rowOfColumn, shortListNext: rows, shortListEnd: columns }: Workspace): Assignment {
  for (let column = 0, pair = 0; column < width; column++) {
    const row = rowOfColumn[column] as number;
    if (row < 0) continue;
    rows[pair] = column;
    columns[pair] = row;
    pair++;
  }
  return { rows, columns };
}
