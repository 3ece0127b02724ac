import { type FeatureLevel, type FeatureMap, shrinkPaddingMask } from "@detrkit/backbone";
import type { Random } from "@detrkit/common";
import { constant, Conv2d, GroupNorm, Module, type PaddedBatch, xavierUniform } from "@detrkit/nn";
import type { PositionEncoding } from "@detrkit/position-encoding";
import {
  add,
  concat,
  matMul,
  reshape,
  tensor2d,
  type Tensor2D,
  type Tensor3D,
  type Tensor4D,
  tidy,
} from "@tensorflow/tfjs-core";
import { type LevelLayout, tokenCount } from "./level-geometry.ts";

/** Settings of {@link InputProjection}. */
export interface InputProjectionConfig {
  readonly inputChannels: number;
  /** Width `D` of the tokens. */
  readonly dim: number;
  /** 1 for a map of the backbone, 3 for one that is half as high and wide as its input. */
  readonly kernelSize: 1 | 3;
  /** Of the norm, a divisor of `dim`. */
  readonly groups: number;
  readonly random: Random;
}

/** Brings a map to the width of the tokens: `[B, H, W, C]` to `[B, H, W, D]`, or to half the height and width. */
export class InputProjection extends Module {
  readonly convolution: Conv2d;
  readonly norm: GroupNorm;

  constructor({ inputChannels, dim, kernelSize, groups, random }: InputProjectionConfig) {
    super();
    this.convolution = new Conv2d({
      inputChannels,
      outputChannels: dim,
      kernelSize,
      ...(kernelSize === 3 && { stride: 2, padding: 1 }),
      weightInitializer: xavierUniform(),
      biasInitializer: constant(0),
      random,
    });
    this.norm = new GroupNorm({ groups, channels: dim });
  }

  call(features: Tensor4D): Tensor4D {
    return tidy(() => this.norm.call(this.convolution.call(features)));
  }
}

/** Settings of {@link createProjections}. */
export interface ProjectionsConfig {
  /** Of the backbone. */
  readonly levels: readonly FeatureLevel[];
  /** Number of feature levels `L`. */
  readonly featureLevels: number;
  /** Width `D` of the tokens. */
  readonly dim: number;
  /** Of the projections' norms. */
  readonly groups: number;
  readonly random: Random;
}

/**
 * A projection for each of the backbone's levels, then those of the further levels: the first starts from the
 * backbone's last map, the next ones from the level before.
 */
export function createProjections({
  levels,
  featureLevels,
  dim,
  groups,
  random,
}: ProjectionsConfig): InputProjection[] {
  return Array.from({ length: featureLevels }, (_, level) => {
    const own = levels[level];
    const inputChannels = own?.channels ?? (level === levels.length ? (levels.at(-1) as FeatureLevel).channels : dim);
    return new InputProjection({
      inputChannels,
      dim,
      kernelSize: own === undefined ? 3 : 1,
      groups,
      random: random.fork(level),
    });
  });
}

/**
 * The maps of all levels, of one width, from fine to coarse. Padding masks are the images' masks, shrunk to each map's
 * size.
 */
export function projectLevels(
  projections: readonly InputProjection[],
  maps: readonly FeatureMap[],
  batch: PaddedBatch,
): FeatureMap[] {
  const [, height, width] = batch.images.shape;
  const levels: FeatureMap[] = [];
  projections.forEach((projection, level) => {
    const own = maps[level];
    const source = own ?? (level === maps.length ? maps.at(-1) : levels.at(-1));
    const features = projection.call((source as FeatureMap).features);
    const [, mapHeight, mapWidth] = features.shape;
    const { paddingMask, sizes } =
      own ?? shrinkPaddingMask(batch.sizes, { height, width }, { height: mapHeight, width: mapWidth });
    levels.push({ features, paddingMask, sizes });
  });
  return levels;
}

/** The maps of all levels as one row of tokens. `D` width. */
export interface LevelTokens extends LevelLayout {
  /** `[B, S, D]` */
  readonly tokens: Tensor3D;
  /** Position encoding of each token in its map `[B, S, D]`, without the level. */
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

/**
 * Position encodings of the tokens with the embedding of their level added.
 *
 * @param levelEmbedding - `[L, D]`
 * @returns `[B, S, D]`
 */
export function positionWithLevel(tokens: LevelTokens, levelEmbedding: Tensor2D): Tensor3D {
  const levels = tokens.levelShapes.length;
  const isOfLevel = new Float32Array(tokenCount(tokens) * levels);
  let token = 0;
  tokens.levelShapes.forEach(({ height, width }, level) => {
    for (const end = token + height * width; token < end; token++) isOfLevel[token * levels + level] = 1;
  });
  // A matrix product, because adding a vector to each level separately has a gradient of several ops a level.
  return tidy(() =>
    add(tokens.position, matMul(tensor2d(isOfLevel, [isOfLevel.length / levels, levels]), levelEmbedding)),
  );
}
