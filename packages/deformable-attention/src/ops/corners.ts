import type { ImageSize } from "@detrkit/nn";
import {
  add,
  cast,
  fill,
  floor,
  greaterEqual,
  isNaN,
  less,
  logicalAnd,
  mul,
  onesLike,
  reshape,
  scalar,
  stack,
  sub,
  sum,
  type Tensor,
  tensor,
  type Tensor1D,
  type Tensor4D,
  tidy,
  unstack,
  where,
  zerosLike,
} from "@tensorflow/tfjs-core";
import { levelStarts } from "./level-shapes.ts";

/**
 * What is known about a run of queries before any value is read. `N` images times queries times heads, `K` levels times
 * points.
 */
export interface Corners {
  /**
   * Row of `value`, flattened to `[B·S·M, C]`, of each point's four corners; `B·S·M`, the one after its last, for those
   * outside: int32 `[N·K·4]`.
   */
  readonly rows: Tensor1D;
  /** Bilinear weights, y before x, 0 for corners outside, NaN around a location that is NaN: `[N, K, 2, 2]`. */
  readonly weights: Tensor4D;
  /** Derivatives of the weights with respect to a location's x. */
  readonly slopesX: Tensor4D;
  /** Derivatives of the weights with respect to a location's y. */
  readonly slopesY: Tensor4D;
}

export interface CornersInputs {
  /** `[N, L, P, 2]` */
  readonly locations: Tensor4D;
  readonly levelShapes: readonly ImageSize[];
  /** Images `B`, rows of each image's maps `S`, heads `M`; queries follow from the rest. */
  readonly sizes: { readonly B: number; readonly S: number; readonly M: number };
}

/**
 * The four cells around each sampling point and their bilinear weights, with `grid_sample`'s rules: pixel = location ·
 * size - 0.5, corners from the floor of that, zeros outside. If x or y of a location is NaN, it has no corner inside,
 * and its weights and slopes are NaN.
 */
export function corners({ locations, levelShapes, sizes: { B, S, M } }: CornersInputs): Corners {
  const [N, L, P] = locations.shape;
  const K = L * P;
  const maps = levelShapes.flatMap((shape) => Array.from({ length: P }, () => shape));
  const starts = levelStarts(levelShapes).flatMap((start) => Array.from({ length: P }, () => start));
  return tidy(() => {
    // Levels and points as one axis: WebGL has no `where` beyond four axes.
    const sizes = tensor(
      maps.flatMap(({ height, width }) => [width, height]),
      [K, 2],
    );
    const pixels = sub(mul(reshape(locations, [N, K, 2]), sizes), 0.5);
    const low = floor(pixels);
    const fraction = sub(pixels, low);
    // From here on the last axis holds the corner below and the one above: [N, K, x or y, 2].
    const coordinates = stack([low, add(low, 1)], 3);
    const inside = logicalAnd(greaterEqual(coordinates, 0), less(coordinates, reshape(sizes, [K, 2, 1])));
    const [columnsInside, linesInside] = unstack(inside, 2) as [Tensor, Tensor];
    const clear = (values: Tensor): Tensor => where(inside, values, zerosLike(values));
    const [columns, lines] = unstack(clear(coordinates), 2) as [Tensor, Tensor];
    // NaN is not inside, but must not count as outside. An infinity minus its floor is NaN too, but does count as
    // outside.
    const outside = where(isNaN(coordinates), coordinates, zerosLike(coordinates));
    const [weightsX, weightsY] = unstack(where(inside, stack([sub(1, fraction), fraction], 3), outside), 2) as [
      Tensor,
      Tensor,
    ];
    const rises = mul(onesLike(fraction), sizes);
    const [slopesX, slopesY] = unstack(clear(stack([mul(rises, -1), rises], 3)), 2) as [Tensor, Tensor];
    const unknown = reshape(sum(outside, [2, 3]), [N, K, 1, 1]); // NaN, or 0
    const widths = tensor(
      maps.map(({ width }) => width),
      [K, 1],
    );
    const cells = outer(add(mul(lines, widths), tensor(starts, [K, 1])), columns, [N, K], add);
    // int32 from here on: there may be more rows of all images and heads than float32 can count.
    const rows: Tensor = add(
      mul(cast(cells, "int32"), scalar(M, "int32")),
      reshape(firstRows(N, B, S, M), [N, 1, 1, 1]),
    );
    const isInside = outer(linesInside, columnsInside, [N, K], logicalAnd);
    return {
      rows: reshape(where(isInside, rows, fill(rows.shape, B * S * M, "int32")), [N * K * 4]) as Tensor1D,
      weights: outer(weightsY, weightsX, [N, K], mul),
      slopesX: add<Tensor4D>(outer(weightsY, slopesX, [N, K], mul), unknown),
      slopesY: add<Tensor4D>(outer(slopesY, weightsX, [N, K], mul), unknown),
    };
  });
}

/** Combines values by line with values by column: two times `[N, K, 2]` to `[N, K, 2, 2]`. */
function outer(
  byLine: Tensor,
  byColumn: Tensor,
  [N, K]: readonly [number, number],
  combine: (a: Tensor, b: Tensor) => Tensor,
): Tensor4D {
  return combine(reshape(byLine, [N, K, 2, 1]), reshape(byColumn, [N, K, 1, 2])) as Tensor4D;
}

/** Row of the first cell that each image's query and head can see: int32 `[N]`, in the order of image, query, head. */
function firstRows(N: number, B: number, S: number, M: number): Tensor1D {
  const perImage = N / B;
  return tensor(
    Int32Array.from({ length: N }, (_, index) => Math.floor(index / perImage) * S * M + (index % M)),
    [N],
    "int32",
  );
}
