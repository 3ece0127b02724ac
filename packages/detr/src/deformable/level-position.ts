import { add, matMul, tensor2d, type Tensor2D, type Tensor3D, tidy } from "@tensorflow/tfjs-core";
import { type LevelTokens, tokenCount } from "./level-tokens.ts";

/**
 * The tokens' positions with their levels' vectors added.
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
  // A product, since the gradient of adding a vector to each level on its own is several ops a level.
  return tidy(() =>
    add(tokens.position, matMul(tensor2d(isOfLevel, [isOfLevel.length / levels, levels]), levelEmbedding)),
  );
}
