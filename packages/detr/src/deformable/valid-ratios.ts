import type { ImageSize } from "@detrkit/nn";
import type { LevelLayout } from "./level-tokens.ts";

/** How much of each level an image fills, along width and height: `[B, L, 2]`, width first. */
export function validRatios({ levelShapes, levelSizes }: LevelLayout): Float32Array {
  const images = levelSizes[0]?.length ?? 0;
  const ratios: number[] = [];
  for (let image = 0; image < images; image++) {
    levelShapes.forEach((shape, level) => {
      const filled = levelSizes[level]?.[image] as ImageSize;
      ratios.push(filled.width / shape.width, filled.height / shape.height);
    });
  }
  return Float32Array.from(ratios);
}
