/**
 * Called for every place where an outline crosses the middle of a pixel column.
 * @param y - on the fine grid, may be negative
 */
export type CrossingVisitor = (column: number, y: number) => void;

// COCO draws a polygon's outline on a grid five times as fine as the pixels, and takes the points where it crosses the
// middle of each pixel column: where it goes from sub-pixel step 2 of 0 … 4 to step 3, or back.
export const subPixels = 5;
const leftOfMiddle = 2;
const rightOfMiddle = leftOfMiddle + 1;

/**
 * Finds the crossings of one edge, whose ends are points of the fine grid. COCO walks the edge point by point along its
 * longer axis, starting from the end with the smaller coordinate; the same points are computed here, but only those at
 * the column middles.
 */
export function visitCrossings(
  fromX: number,
  fromY: number,
  toX: number,
  toY: number,
  width: number,
  visit: CrossingVisitor,
): void {
  const firstColumn = Math.max(Math.ceil((Math.min(fromX, toX) - leftOfMiddle) / subPixels), 0);
  const lastColumn = Math.min(Math.floor((Math.max(fromX, toX) - rightOfMiddle) / subPixels), width - 1);
  if (firstColumn > lastColumn) return;
  const spanX = Math.abs(toX - fromX);
  const spanY = Math.abs(toY - fromY);
  if (spanX >= spanY) {
    const [startX, startY, endY] = fromX > toX ? [toX, toY, fromY] : [fromX, fromY, toY];
    const slope = (endY - startY) / spanX;
    for (let column = firstColumn; column <= lastColumn; column++) {
      const offset = subPixels * column + leftOfMiddle - startX;
      visit(column, Math.min(roundedOn(startY, slope, offset), roundedOn(startY, slope, offset + 1)));
    }
    return;
  }
  const [startY, startX, endX] = fromY > toY ? [toY, toX, fromX] : [fromY, fromX, toX];
  const slope = (endX - startX) / spanY;
  for (let column = firstColumn; column <= lastColumn; column++) {
    visit(column, startY + stepBefore(startX, slope, subPixels * column + rightOfMiddle, spanY));
  }
}

/** Coordinate on the shorter axis; truncated as C does, which matters for negative numbers. */
function roundedOn(start: number, slope: number, offset: number): number {
  return Math.trunc(start + slope * offset + 0.5);
}

/**
 * The last step of a steep edge before its x passes from one side of `boundary` (a grid line, part of the right side)
 * to the other.
 */
function stepBefore(startX: number, slope: number, boundary: number, span: number): number {
  const hasPassed = (step: number): boolean => roundedOn(startX, slope, step) >= boundary === slope > 0;
  // The quotient may be off by rounding, so the points themselves decide.
  let step = Math.min(Math.max(Math.round((boundary - 0.5 - startX) / slope), 1), span);
  while (step > 1 && hasPassed(step - 1)) step--;
  while (!hasPassed(step)) step++;
  return step - 1;
}
