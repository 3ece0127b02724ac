import { eachToken } from "./each-token.ts";
import { type LevelLayout, tokenCount } from "./level-tokens.ts";

/** Which tokens are padding: 0 or 1 `[B, S]`, or nothing where no image leaves any cell of any level empty. */
export function tokenPadding(layout: LevelLayout): Uint8Array | undefined {
  const { levelShapes, levelSizes } = layout;
  const isPadded = levelShapes.some((shape, level) =>
    levelSizes[level]?.some(({ height, width }) => height < shape.height || width < shape.width),
  );
  if (!isPadded) return undefined;
  const padding = new Uint8Array((levelSizes[0]?.length ?? 0) * tokenCount(layout));
  let at = 0;
  eachToken(layout, ({ row, column, filled }) => {
    padding[at++] = row < filled.height && column < filled.width ? 0 : 1;
  });
  return padding;
}
