import { DetrkitError, ShapeError } from "@detrkit/common";

/** How many of a row's cheapest free columns are remembered; searches in a crowd of rows use several of them up. */
const shortListLength = 8;

/** Where fewer rows than this share find their cheapest column free, the searches are long and worth a copy of the costs. */
const crowded = 0.7;

/** Which row takes which column: `min(R, C)` pairs, sorted by row. */
export interface Assignment {
  readonly rows: Int32Array;
  readonly columns: Int32Array;
}

/**
 * The cheapest way to give each of the `R` rows its own of the `C` columns (or, where there are more rows, each column its
 * own row): exact, in `O(min(R, C)² · max(R, C))`.
 *
 * Shortest augmenting paths with dual variables, as Jonker and Volgenant (1987) start it and Crouse (2016) extends it to
 * rectangles. An entry of +Infinity forbids a pair.
 *
 * @param cost - `[R, C]` row-major
 * @throws DetrkitError `ERR_NON_FINITE` where an entry is NaN or -Infinity, `ERR_INFEASIBLE` where the forbidden pairs
 *   leave no complete assignment
 */
export function linearSumAssignment(cost: Float64Array | Float32Array, rows: number, columns: number): Assignment {
  if (cost.length !== rows * columns) {
    throw new ShapeError(`linearSumAssignment: cost expected [${rows}, ${columns}] as ${rows * columns} numbers, got ${cost.length}`);
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
 * Everything the search needs. The arrays lie in one piece of memory: allocating them one by one would cost more than
 * solving a small problem does. `size` rows, `width >= size` columns; a problem with more rows than that is turned by
 * swapping the strides, which touches less memory than transposing it.
 */
interface Workspace {
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
  /** The columns that have a row: as many as rows that have a column. A column never loses its row but to another. */
  readonly owned: Int32Array;
  /** Shortest known way from the row being searched for to each owned column, and the row that way comes from. */
  readonly distance: Float64Array;
  readonly reachedFrom: Int32Array;
  /** Of each row its cheapest free columns, ascending `[size, shortListLength]`; which of them come next, and where they end. */
  readonly shortList: Int32Array;
  readonly shortListNext: Int32Array;
  readonly shortListEnd: Int32Array;
}

function createWorkspace(cost: Float64Array | Float32Array, size: number, width: number, transposed: boolean): Workspace {
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
    size, width,
    // One kind of array only, so that the engine compiles the loops below for that kind.
    cost: cost instanceof Float64Array ? cost : new Float64Array(cost),
    rowStride: transposed ? 1 : width,
    columnStride: transposed ? size : 1,
    rowDual: takeDoubles(size), columnDual: takeDoubles(width), distance: takeDoubles(width),
    columnOfRow: takeIntegers(size).fill(-1), rowOfColumn: takeIntegers(width).fill(-1), owned: takeIntegers(size), reachedFrom: takeIntegers(width),
    shortList: takeIntegers(size * shortListLength), shortListNext: takeIntegers(size), shortListEnd: takeIntegers(size),
  };
}

/** The same problem with the costs of a row side by side in memory. */
function withAdjacentRows(work: Workspace): Workspace {
  const { size, width, cost } = work;
  const turned = new Float64Array(cost.length);
  for (let row = 0, to = 0; row < size; row++) {
    for (let column = 0, from = row; column < width; column++, to++, from += size) turned[to] = cost[from] as number;
  }
  return { ...work, cost: turned, rowStride: width, columnStride: 1 };
}

/** Checks the costs and finds each row's lowest one (its dual) and where that is (in `columnOfRow`, not assigned yet). */
function readByRow({ size, width, cost, rowDual, columnOfRow }: Workspace): void {
  for (let row = 0, at = 0; row < size; row++) {
    let lowest = Infinity;
    let cheapest = -1;
    for (let column = 0; column < width; column++, at++) {
      const entry = cost[at] as number;
      if (!(entry > -Infinity)) throw notAllowed(entry, row, column);
      if (entry < lowest) {
        lowest = entry;
        cheapest = column;
      }
    }
    rowDual[row] = lowest;
    columnOfRow[row] = cheapest;
  }
}

/** The same for a turned problem, still reading the costs in the order they lie in. */
function readByColumn({ size, width, cost, rowDual, columnOfRow }: Workspace): void {
  rowDual.fill(Infinity);
  for (let column = 0, at = 0; column < width; column++) {
    for (let row = 0; row < size; row++, at++) {
      const entry = cost[at] as number;
      if (!(entry > -Infinity)) throw notAllowed(entry, column, row);
      if (entry < (rowDual[row] as number)) {
        rowDual[row] = entry;
        columnOfRow[row] = column;
      }
    }
  }
}

/**
 * Lets each row keep its cheapest column unless an earlier row has it. With a row's minimum as its dual no reduced cost is
 * negative and every pair kept costs nothing, so the searches can go on from here; most rows of a matching problem are
 * settled by it. Returns how many.
 */
function takeCheapestColumns(work: Workspace): number {
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

/**
 * Assigns one more row: along the cheapest path that ends in a free column, each row on it moves on to its next column.
 * Returns that free column, now owned.
 */
function assignByShortestPath(start: number, ownedCount: number, work: Workspace): number {
  const { reachedFrom, columnOfRow, rowOfColumn } = work;
  const sink = findFreeColumn(start, ownedCount, work);
  for (let column = sink; ; ) {
    const row = reachedFrom[column] as number;
    const released = columnOfRow[row] as number;
    rowOfColumn[column] = row;
    columnOfRow[row] = column;
    if (row === start) return sink;
    column = released;
  }
}

/**
 * Dijkstra's search over reduced costs from one row; moves the duals so that the path found costs nothing. Free columns
 * all have a dual of 0, and the search ends at the first one settled: of those only each row's cheapest can matter, so
 * only the owned columns, far fewer as a rule, are searched through.
 */
function findFreeColumn(start: number, ownedCount: number, work: Workspace): number {
  const { cost, rowStride, columnStride, rowDual, columnDual, rowOfColumn, owned, distance, reachedFrom } = work;
  for (let at = 0; at < ownedCount; at++) distance[owned[at] as number] = Infinity;
  let sink = -1;
  let sinkDistance = Infinity;
  let row = start;
  let reached = 0;
  // Columns settled gather at the end of `owned`.
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

/** The row's cheapest column that has no row, or -1 where all those cost +Infinity. */
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

/** Lists the row's cheapest free columns anew (by insertion) and returns the first. Free columns only grow fewer: the list stays right until it is used up. */
function writeShortList(row: number, { width, cost, rowStride, columnStride, rowOfColumn, shortList, shortListNext, shortListEnd }: Workspace): number {
  const offset = row * shortListLength;
  const rowOffset = row * rowStride;
  let count = 0;
  let limit = Infinity;
  for (let column = 0, from = rowOffset; column < width; column++, from += columnStride) {
    const entry = cost[from] as number;
    if (entry >= limit || (rowOfColumn[column] as number) >= 0) continue;
    let place = count < shortListLength ? count++ : shortListLength - 1;
    while (place > 0 && (cost[rowOffset + (shortList[offset + place - 1] as number) * columnStride] as number) > entry) {
      shortList[offset + place] = shortList[offset + place - 1] as number;
      place--;
    }
    shortList[offset + place] = column;
    if (count === shortListLength) limit = cost[rowOffset + (shortList[offset + count - 1] as number) * columnStride] as number;
  }
  shortListNext[row] = 0;
  shortListEnd[row] = count;
  return count > 0 ? (shortList[offset] as number) : -1;
}

function pairsByRow({ columnOfRow }: Workspace): Assignment {
  return { rows: columnOfRow.map((_, row) => row), columns: columnOfRow.slice() };
}

/** Pairs of a problem that was turned: its columns are the caller's rows. */
function pairsByColumn({ size, width, rowOfColumn }: Workspace): Assignment {
  const rows = new Int32Array(size);
  const columns = new Int32Array(size);
  for (let column = 0, pair = 0; column < width; column++) {
    const row = rowOfColumn[column] as number;
    if (row < 0) continue;
    rows[pair] = column;
    columns[pair] = row;
    pair++;
  }
  return { rows, columns };
}

function notAllowed(entry: number, row: number, column: number): DetrkitError {
  return new DetrkitError("ERR_NON_FINITE", `linearSumAssignment: cost[${row}, ${column}] is ${entry}; entries must be numbers (+Infinity forbids a pair)`);
}

function infeasible({ size, width }: Workspace): DetrkitError {
  return new DetrkitError(
    "ERR_INFEASIBLE",
    `linearSumAssignment: the entries of +Infinity leave no way to make ${size} pairs (of ${size} and ${width}); each of the ${size} needs a finite entry of its own`,
  );
}
