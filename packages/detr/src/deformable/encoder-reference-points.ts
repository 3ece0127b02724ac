import { eachToken } from "./each-token.ts";
import { type LevelLayout, tokenCount } from "./level-tokens.ts";
import { validRatios } from "./valid-ratios.ts";

/**
 * Where each token of the encoder looks first: at the centre of its own cell, in every level. Coordinates are shares of
 * the padded map, since that is what is sampled, so the centre as a share of the image is multiplied by the share of
 * the map that the image fills.
 *
 * @returns `[B, S, L, 2]`, x first
 */
export function encoderReferencePoints(layout: LevelLayout): Float32Array {
  const levels = layout.levelShapes.length;
  const ratios = validRatios(layout);
  const points = new Float32Array((ratios.length / 2) * tokenCount(layout) * 2);
  let at = 0;
  eachToken(layout, ({ image, row, column, filled }) => {
    const x = (column + 0.5) / filled.width;
    const y = (row + 0.5) / filled.height;
    const start = image * levels * 2;
    for (let ratio = start; ratio < start + levels * 2; ratio += 2) {
      points[at++] = x * (ratios[ratio] as number);
      points[at++] = y * (ratios[ratio + 1] as number);
    }
  });
  return points;
}
