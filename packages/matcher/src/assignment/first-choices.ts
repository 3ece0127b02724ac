import { DetrkitError } from "@detrkit/common";
import { infeasible, type Workspace } from "./workspace.ts";

/**
 * Checks the costs and finds each row's lowest one (its dual) and where that is (in `columnOfRow`, not assigned yet).
 */
export function readByRow({ size, width, cost, rowDual, columnOfRow }: Workspace): void {
  for (let row = 0, at = 0; row < size; row++) {
    let lowest = Infinity;
    let cheapest = -1;
    for (let column = 0; column < width; column++, at++) {
      const entry = cost[at] as number;
      // Negated so that NaN, which fails every comparison, is handled here too.
      if (!(entry >= lowest)) {
        if (!(entry > -Infinity)) throw notAllowed(entry, row, column);
        lowest = entry;
        cheapest = column;
      }
    }
    rowDual[row] = lowest;
    columnOfRow[row] = cheapest;
  }
}

/** The same for a transposed problem, still reading the costs in memory order. */
export function readByColumn({ size, width, cost, rowDual, columnOfRow }: Workspace): void {
  rowDual.fill(Infinity);
  for (let column = 0, at = 0; column < width; column++) {
    for (let row = 0; row < size; row++, at++) {
      const entry = cost[at] as number;
      if (!(entry >= (rowDual[row] as number))) {
        if (!(entry > -Infinity)) throw notAllowed(entry, column, row);
        rowDual[row] = entry;
        columnOfRow[row] = column;
      }
    }
  }
}

/**
 * Lets each row keep its cheapest column unless an earlier row has it. With a row's minimum as its dual, no reduced
 * cost is negative and every pair kept has a reduced cost of 0, so the searches can continue from here. Most rows of a
 * matching problem are assigned this way. Returns how many.
 */
export function takeCheapestColumns(work: Workspace): number {
  const { size, columnOfRow, rowOfColumn, owned } = work;
  let assigned = 0;
  for (let row = 0; row < size; row++) {
    const cheapest = columnOfRow[row] as number;
    if (cheapest < 0) throw infeasible(work);
    if ((rowOfColumn[cheapest] as number) < 0) {
      rowOfColumn[cheapest] = row;
      owned[assigned++] = cheapest;
    } else {
      columnOfRow[row] = -1;
    }
  }
  return assigned;
}

function notAllowed(entry: number, row: number, column: number): DetrkitError {
  return new DetrkitError(
    "ERR_NON_FINITE",
    `linearSumAssignment: cost[${row}, ${column}] is ${entry}; entries must be numbers (+Infinity forbids a pair)`,
  );
}
