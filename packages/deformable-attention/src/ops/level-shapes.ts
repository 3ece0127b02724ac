import { ShapeError } from "@detrkit/common";
import type { ImageSize } from "@detrkit/nn";

/** Checks that there is a list of maps' sizes. @throws ShapeError */
export function expectSizes(levelShapes: readonly ImageSize[], what: string): void {
  if (!Array.isArray(levelShapes))
    throw new ShapeError(`${what}: levelShapes expected a list of heights and widths, got ${typeof levelShapes}`);
  const odd = levelShapes.findIndex(({ height, width }) => !isSize(height) || !isSize(width));
  if (odd >= 0)
    throw new ShapeError(
      `${what}: levelShapes[${odd}] expected a height and a width of at least 1, ` +
        `got ${JSON.stringify(levelShapes[odd])}`,
    );
}

/** {@link expectSizes} and {@link expectCells}. */
export function expectLevelShapes(levelShapes: readonly ImageSize[], what: string, tokens: number): void {
  expectSizes(levelShapes, what);
  expectCells(levelShapes, what, tokens);
}

/** Checks that the number of cells of all maps is the number of rows, `tokens`. @throws ShapeError */
export function expectCells(levelShapes: readonly ImageSize[], what: string, tokens: number): void {
  const cells = levelShapes.reduce((total, { height, width }) => total + height * width, 0);
  if (cells === tokens) return;
  const maps = levelShapes.map(({ height, width }) => `${height}x${width}`).join(" + ");
  throw new ShapeError(
    `${what} has ${tokens} rows, but the maps of levelShapes (${maps}) have ${cells} cells: ` +
      "each cell of each map must be one row",
  );
}

/** Row of each map's first cell. */
export function levelStarts(levelShapes: readonly ImageSize[]): readonly number[] {
  let next = 0;
  return levelShapes.map(({ height, width }) => {
    const start = next;
    next += height * width;
    return start;
  });
}

function isSize(size: number): boolean {
  return Number.isInteger(size) && size > 0;
}
