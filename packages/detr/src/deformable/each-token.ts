import type { ImageSize } from "@detrkit/nn";
import type { LevelLayout } from "./level-tokens.ts";

/** One token of one image. */
export interface TokenPlace {
  readonly image: number;
  readonly level: number;
  readonly row: number;
  readonly column: number;
  /** Cells of this level that the image fills. */
  readonly filled: ImageSize;
}

/** Visits the tokens in their order, image after image. */
export function eachToken({ levelShapes, levelSizes }: LevelLayout, visit: (place: TokenPlace) => void): void {
  const images = levelSizes[0]?.length ?? 0;
  for (let image = 0; image < images; image++) {
    levelShapes.forEach(({ height, width }, level) => {
      const filled = levelSizes[level]?.[image] as ImageSize;
      for (let row = 0; row < height; row++) {
        for (let column = 0; column < width; column++) visit({ image, level, row, column, filled });
      }
    });
  }
}
