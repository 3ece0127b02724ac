import type { FeatureMap } from "@detrkit/backbone";
import type { ImageSize } from "@detrkit/nn";
import type { MaskHeadInputs } from "@detrkit/segmentation";
import { reshape, slice, type Tensor3D, type Tensor4D } from "@tensorflow/tfjs-core";
import { lastStates } from "../detection-model.ts";
import type { DeformableDetrDetails } from "./deformable-config.ts";
import type { LevelTokens } from "./levels.ts";

/** What of a Deformable DETR's pass its mask head starts from. */
interface MaskSources {
  /** All of the backbone's maps, from fine to coarse. */
  readonly maps: readonly FeatureMap[];
  /** Which of them the transformer sees. */
  readonly seen: readonly number[];
  readonly levelTokens: LevelTokens;
  readonly details: Pick<DeformableDetrDetails, "memory" | "states">;
  /** Of the batch. */
  readonly images: Tensor4D;
}

/**
 * The encoder's memory of the backbone's coarsest level is both what queries look at and what the tower starts from: a
 * further level has only a quarter of its cells, and attention over a finer one costs 4 to 16 times as much. The tower
 * goes up through the memory of the finer levels, and through those maps of the backbone that the transformer does not
 * see.
 */
export function maskInputs({ maps, seen, levelTokens, details, images }: MaskSources): MaskHeadInputs {
  const [, height, width] = images.shape;
  const { memory, states } = details;
  const levels = maps.map(({ features, sizes }, level) => {
    const place = seen.indexOf(level);
    return { features: place < 0 ? features : memoryOfLevel(memory, levelTokens.levelShapes, place), sizes };
  });
  const coarsest = levels.at(-1) as (typeof levels)[number];
  return {
    queries: lastStates(states),
    memory: coarsest.features,
    map: { ...coarsest, paddingMask: (maps.at(-1) as FeatureMap).paddingMask },
    finer: levels.slice(0, -1).toReversed(),
    padded: { height, width },
  };
}

/** The tokens of one level as a map `[B, h, w, D]`. */
function memoryOfLevel(memory: Tensor3D, shapes: readonly ImageSize[], level: number): Tensor4D {
  const [B, , D] = memory.shape;
  const { height, width } = shapes[level] as ImageSize;
  const start = shapes.slice(0, level).reduce((sum, shape) => sum + shape.height * shape.width, 0);
  return reshape(slice(memory, [0, start, 0], [B, height * width, D]), [B, height, width, D]);
}
