import type { FeatureMap } from "@detrkit/backbone";
import type { ImageSize } from "@detrkit/nn";
import type { PositionEncoding } from "@detrkit/position-encoding";
import { concat, reshape, type Tensor3D, type Tensor4D, tidy } from "@tensorflow/tfjs-core";

/** How the tokens of `L` levels lie: one map after the other, each row by row, `S` in all. For `B` images. */
export interface LevelLayout {
  /** Of the maps, `L` of them. */
  readonly levelShapes: readonly ImageSize[];
  /** For each level, how many cells of each image are not padding: always the top left rectangle. `[L][B]` */
  readonly levelSizes: readonly (readonly ImageSize[])[];
}

/** The maps of all levels as one row of tokens. `D` width. */
export interface LevelTokens extends LevelLayout {
  /** `[B, S, D]` */
  readonly tokens: Tensor3D;
  /** Where in its map each token stands `[B, S, D]`; which map that is, is not in it. */
  readonly position: Tensor3D;
}

/** Joins maps of one width to tokens. */
export function joinLevels(maps: readonly FeatureMap[], positionEncoding: PositionEncoding): LevelTokens {
  const joined = tidy(() => ({
    tokens: concat(
      maps.map(({ features }) => rowsOf(features)),
      1,
    ),
    position: concat(
      maps.map((map) => rowsOf(positionEncoding.call(map))),
      1,
    ),
  }));
  return {
    ...joined,
    levelShapes: maps.map(({ features: { shape } }) => ({ height: shape[1], width: shape[2] })),
    levelSizes: maps.map(({ sizes }) => sizes),
  };
}

function rowsOf(map: Tensor4D): Tensor3D {
  const [B, height, width, D] = map.shape;
  return reshape(map, [B, height * width, D]);
}

/** The number of tokens `S`. */
export function tokenCount({ levelShapes }: LevelLayout): number {
  return levelShapes.reduce((total, { height, width }) => total + height * width, 0);
}
