import { type FeatureLevel, type FeatureMap, shrinkMask } from "@detrkit/backbone";
import type { Random } from "@detrkit/common";
import type { PaddedBatch } from "@detrkit/nn";
import { InputProjection } from "./input-projection.ts";

export interface ProjectionsConfig {
  /** Of the backbone. */
  readonly levels: readonly FeatureLevel[];
  /** How many there are to be. */
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
 * The maps of all levels, of one width, from fine to coarse. Their masks are the images', shrunk to each map's size.
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
    const { mask, sizes } = own ?? shrinkMask(batch.sizes, { height, width }, { height: mapHeight, width: mapWidth });
    levels.push({ features, mask, sizes });
  });
  return levels;
}
