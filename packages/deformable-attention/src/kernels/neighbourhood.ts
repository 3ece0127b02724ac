import type { ImageSize } from "@detrkit/nn";
import { levelStarts } from "../ops/level-shapes.ts";

/**
 * The cells around the points of one query and head, for loops over typed arrays. Each `locate` fills it anew, so that
 * the loops allocate nothing. `K` levels times points.
 */
export class Neighbourhood {
  /** How many of the points have a corner inside their map. All others contribute nothing. */
  count = 0;
  /** Whether one of the locations is NaN. Its point is not counted. */
  hasUnknown = false;
  /** Indices of these points in `[L, P]`. */
  readonly points: Int32Array;
  /**
   * Four for each of these points, at `4 · its place in points`: where the corner's row begins, counted from the
   * image's first.
   */
  readonly rows: Int32Array;
  /** Bilinear weights in the same order, 0 for a corner outside (whose row is then that of a corner inside). */
  readonly weights: Float64Array;
  /** Derivatives of the weights with respect to the location's x and y. */
  readonly slopesX: Float64Array;
  readonly slopesY: Float64Array;
  readonly #levelShapes: readonly ImageSize[];
  readonly #starts: readonly number[];
  readonly #pointsPerLevel: number;
  readonly #rowStride: number;

  /** @param rowStride - numbers from one cell's row to the next */
  constructor(levelShapes: readonly ImageSize[], pointsPerLevel: number, rowStride: number) {
    const K = levelShapes.length * pointsPerLevel;
    this.points = new Int32Array(K);
    this.rows = new Int32Array(4 * K);
    this.weights = new Float64Array(4 * K);
    this.slopesX = new Float64Array(4 * K);
    this.slopesY = new Float64Array(4 * K);
    this.#levelShapes = levelShapes;
    this.#starts = levelStarts(levelShapes);
    this.#pointsPerLevel = pointsPerLevel;
    this.#rowStride = rowStride;
  }

  /** @param first - where the `K` pairs of x, y begin in `locations` */
  locate(locations: Float32Array, first: number): void {
    this.count = 0;
    this.hasUnknown = false;
    let point = 0;
    for (let level = 0; level < this.#levelShapes.length; level++) {
      const { height, width } = this.#levelShapes[level] as ImageSize;
      const start = this.#starts[level] as number;
      for (let end = point + this.#pointsPerLevel; point < end; point++) {
        // Rounded as on every other backend, so that all agree in which cell a point at a cell's edge is.
        const x = Math.fround(Math.fround((locations[first + 2 * point] as number) * width) - 0.5);
        const y = Math.fround(Math.fround((locations[first + 2 * point + 1] as number) * height) - 0.5);
        if (x >= -1 && x < width && y >= -1 && y < height) this.#add(point, x, y, height, width, start);
        else if (Number.isNaN(x) || Number.isNaN(y)) this.hasUnknown = true;
      }
    }
  }

  #add(point: number, x: number, y: number, height: number, width: number, start: number): void {
    const left = Math.floor(x);
    const top = Math.floor(y);
    const isLeftInside = left >= 0;
    const isRightInside = left + 1 < width;
    const isTopInside = top >= 0;
    const isBottomInside = top + 1 < height;
    const leftColumn = isLeftInside ? left : 0;
    const rightColumn = isRightInside ? left + 1 : left;
    const topLine = start + (isTopInside ? top : 0) * width;
    const bottomLine = start + (isBottomInside ? top + 1 : top) * width;
    const leftWeight = isLeftInside ? 1 - (x - left) : 0;
    const rightWeight = isRightInside ? x - left : 0;
    const topWeight = isTopInside ? 1 - (y - top) : 0;
    const bottomWeight = isBottomInside ? y - top : 0;
    const at = 4 * this.count;
    this.points[this.count++] = point;
    const { rows, weights, slopesX, slopesY } = this;
    const stride = this.#rowStride;
    rows[at] = (topLine + leftColumn) * stride;
    rows[at + 1] = (topLine + rightColumn) * stride;
    rows[at + 2] = (bottomLine + leftColumn) * stride;
    rows[at + 3] = (bottomLine + rightColumn) * stride;
    weights[at] = topWeight * leftWeight;
    weights[at + 1] = topWeight * rightWeight;
    weights[at + 2] = bottomWeight * leftWeight;
    weights[at + 3] = bottomWeight * rightWeight;
    const leftSlope = isLeftInside ? -width : 0;
    const rightSlope = isRightInside ? width : 0;
    slopesX[at] = topWeight * leftSlope;
    slopesX[at + 1] = topWeight * rightSlope;
    slopesX[at + 2] = bottomWeight * leftSlope;
    slopesX[at + 3] = bottomWeight * rightSlope;
    const topSlope = isTopInside ? -height : 0;
    const bottomSlope = isBottomInside ? height : 0;
    slopesY[at] = topSlope * leftWeight;
    slopesY[at + 1] = topSlope * rightWeight;
    slopesY[at + 2] = bottomSlope * leftWeight;
    slopesY[at + 3] = bottomSlope * rightWeight;
  }
}
