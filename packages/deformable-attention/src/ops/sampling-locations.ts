import { ShapeError } from "@detrkit/common";
import { expectFloats, expectTensor, type ImageSize } from "@detrkit/nn";
import {
  add,
  div,
  mul,
  type Rank,
  reshape,
  slice,
  sum,
  type Tensor,
  tensor,
  type Tensor4D,
  type Tensor5D,
  tidy,
} from "@tensorflow/tfjs-core";
import { expectSizes } from "./level-shapes.ts";

/** What {@link samplingLocations} combines. `B` images, `Q` queries, `M` heads, `L` levels, `P` points. */
export interface SamplingLocationsInputs {
  /**
   * Predicted by a layer, x before y `[B, Q, M, L, P, 2]`: in cells of each map, or with reference boxes as shares of a
   * box.
   */
  readonly offsets: Tensor<Rank.R6>;
  /**
   * Reference points or boxes of the queries, normalised by each map's size: points x, y `[B, Q, L, 2]` or boxes cxcywh
   * `[B, Q, L, 4]`.
   */
  readonly referencePoints: Tensor4D;
  /** Heights and widths of the `L` maps. */
  readonly levelShapes: readonly ImageSize[];
}

/**
 * The sampling location of each point of each head: a reference point plus its offset in cells; or a reference box's
 * centre plus its offset times half of the box's size, divided by `P`.
 *
 * @returns x, y normalised by each map's size, possibly outside `[0, 1]`: `[B, Q, M, L, P, 2]`
 */
export function samplingLocations({ offsets, referencePoints, levelShapes }: SamplingLocationsInputs): Tensor<Rank.R6> {
  expectSizes(levelShapes, "samplingLocations");
  const L = levelShapes.length;
  const { B, Q, M, P } = expectFloats(offsets, "samplingLocations: offsets", ["B", "Q", "M", L, "P", 2]);
  const coordinates = expectReferencePoints(referencePoints, "samplingLocations: referencePoints", [B, Q, L]);
  return tidy(() => {
    // No offsets. A plain sum, because tfjs-core's gradients do not handle a broadcast from 1 to 0.
    if (offsets.size === 0) return add(offsets, sum(referencePoints));
    // Images and queries as one axis: backends broadcast up to five.
    const rows: Tensor5D = reshape(offsets, [B * Q, M, L, P, 2]);
    const references: Tensor5D = reshape(referencePoints, [B * Q, 1, L, 1, coordinates]);
    if (coordinates === 2) {
      const sizes = tensor(
        levelShapes.flatMap(({ height, width }) => [width, height]),
        [L, 1, 2],
      );
      return reshape(add(references, div(rows, sizes)), offsets.shape);
    }
    const centres = slice(references, [0, 0, 0, 0, 0], [-1, -1, -1, -1, 2]);
    const extents = slice(references, [0, 0, 0, 0, 2], [-1, -1, -1, -1, 2]);
    return reshape(add(centres, mul(rows, mul(extents, 0.5 / P))), offsets.shape);
  });
}

/** @returns the number of coordinates of each: 2 for points, 4 for boxes */
export function expectReferencePoints(
  referencePoints: Tensor,
  what: string,
  [B, Q, L]: readonly [number, number, number],
): 2 | 4 {
  expectTensor(referencePoints, what, "float32");
  const coordinates = referencePoints.shape[3] === 4 ? 4 : 2;
  const [images, queries, levels, last] = referencePoints.shape;
  if (referencePoints.rank === 4 && images === B && queries === Q && levels === L && last === coordinates)
    return coordinates;
  throw new ShapeError(
    `${what} expected [${B}, ${Q}, ${L}, 2] (points) or [${B}, ${Q}, ${L}, 4] (boxes), ` +
      `got [${referencePoints.shape.join(", ")}]`,
  );
}
