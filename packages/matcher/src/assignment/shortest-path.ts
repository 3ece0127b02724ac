import { infeasible, shortListLength, type Workspace } from "./workspace.ts";

/**
 * Assigns one more row: along the cheapest path that ends in a free column, each row on it moves on to its next column.
 * Returns that free column, now owned.
 */
export function assignByShortestPath(start: number, ownedCount: number, work: Workspace): number {
  const { reachedFrom, columnOfRow, rowOfColumn } = work;
  const sink = findFreeColumn(start, ownedCount, work);
  for (let column = sink; ;) {
    const row = reachedFrom[column] as number;
    const released = columnOfRow[row] as number;
    rowOfColumn[column] = row;
    columnOfRow[row] = column;
    if (row === start) return sink;
    column = released;
  }
}

/**
 * Dijkstra's search over reduced costs from one row; changes the duals so that the path found has a reduced cost of 0.
 * Free columns all have a dual of 0, and the search ends at the first one settled. So only each row's cheapest free
 * column can matter, and only the owned columns, usually far fewer, are searched.
 */
function findFreeColumn(start: number, ownedCount: number, work: Workspace): number {
  const { cost, rowStride, columnStride, rowDual, columnDual, rowOfColumn, owned, distance, reachedFrom } = work;
  for (let at = 0; at < ownedCount; at++) distance[owned[at] as number] = Infinity;
  let sink = -1;
  let sinkDistance = Infinity;
  let row = start;
  let reached = 0;
  // Settled columns are moved to the end of `owned`.
  let openCount = ownedCount;
  for (;;) {
    const offset = row * rowStride;
    const base = reached - (rowDual[row] as number);
    const free = cheapestFreeColumn(row, work);
    if (free >= 0) {
      const through = base + (cost[offset + free * columnStride] as number);
      if (through < sinkDistance) {
        sinkDistance = through;
        sink = free;
        reachedFrom[free] = row;
      }
    }
    let lowest = Infinity;
    let nearest = -1;
    for (let at = 0; at < openCount; at++) {
      const column = owned[at] as number;
      const through = base + (cost[offset + column * columnStride] as number) - (columnDual[column] as number);
      let best = distance[column] as number;
      if (through < best) {
        best = through;
        distance[column] = through;
        reachedFrom[column] = row;
      }
      if (best < lowest) {
        lowest = best;
        nearest = at;
      }
    }
    if (sinkDistance <= lowest) break;
    const column = owned[nearest] as number;
    openCount--;
    owned[nearest] = owned[openCount] as number;
    owned[openCount] = column;
    row = rowOfColumn[column] as number;
    reached = lowest;
  }
  if (sink < 0) throw infeasible(work);

  rowDual[start] = (rowDual[start] as number) + sinkDistance;
  for (let at = openCount; at < ownedCount; at++) {
    const column = owned[at] as number;
    const owner = rowOfColumn[column] as number;
    const slack = sinkDistance - (distance[column] as number);
    rowDual[owner] = (rowDual[owner] as number) + slack;
    columnDual[column] = (columnDual[column] as number) - slack;
  }
  return sink;
}

/** The row's cheapest free column, or -1 if all of them cost +Infinity. */
function cheapestFreeColumn(row: number, work: Workspace): number {
  const { rowOfColumn, shortList, shortListNext, shortListEnd } = work;
  const offset = row * shortListLength;
  const end = shortListEnd[row] as number;
  for (let next = shortListNext[row] as number; next < end; next++) {
    const column = shortList[offset + next] as number;
    if ((rowOfColumn[column] as number) >= 0) continue;
    shortListNext[row] = next;
    return column;
  }
  return writeShortList(row, work);
}

/**
 * Lists the row's cheapest free columns again (by insertion) and returns the first. Columns never become free again, so
 * the list stays valid until it is used up.
 */
function writeShortList(
  row: number,
  { width, cost, rowStride, columnStride, rowOfColumn, shortList, shortListNext, shortListEnd }: Workspace,
): number {
  const offset = row * shortListLength;
  const rowOffset = row * rowStride;
  // Most rows never ask again, so their first list has one column.
  const capacity = shortListEnd[row] === 0 ? 1 : shortListLength;
  let count = 0;
  let limit = Infinity;
  for (let column = 0, from = rowOffset; column < width; column++, from += columnStride) {
    const entry = cost[from] as number;
    if (entry >= limit || (rowOfColumn[column] as number) >= 0) continue;
    let place = count < capacity ? count++ : capacity - 1;
    while (
      place > 0 &&
      (cost[rowOffset + (shortList[offset + place - 1] as number) * columnStride] as number) > entry
    ) {
      shortList[offset + place] = shortList[offset + place - 1] as number;
      place--;
    }
    shortList[offset + place] = column;
    if (count === capacity)
      limit = cost[rowOffset + (shortList[offset + count - 1] as number) * columnStride] as number;
  }
  shortListNext[row] = 0;
  shortListEnd[row] = count;
  return count > 0 ? (shortList[offset] as number) : -1;
}
