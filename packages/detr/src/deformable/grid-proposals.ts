import { eachToken } from "./each-token.ts";
import { type LevelLayout, tokenCount } from "./level-tokens.ts";

/** Boxes that a two-stage model's encoder corrects, one for each token. */
export interface GridProposals {
  /** cxcywh before a sigmoid `[B, S, 4]`; infinite where there is no proposal. */
  readonly coordinates: Float32Array;
  /** 1 where there is a proposal, 0 at padding and at the image's edge `[B, S]`. */
  readonly valid: Float32Array;
}

/**
 * A box around every cell's centre, a twentieth of the image wide and high in the first level, twice that in the next,
 * …
 */
export function gridProposals(layout: LevelLayout): GridProposals {
  const count = (layout.levelSizes[0]?.length ?? 0) * tokenCount(layout);
  const coordinates = new Float32Array(count * 4).fill(Infinity);
  const valid = new Float32Array(count);
  let token = 0;
  eachToken(layout, ({ level, row, column, filled }) => {
    const side = 0.05 * 2 ** level;
    const box = [(column + 0.5) / filled.width, (row + 0.5) / filled.height, side, side];
    // A cell of the padding has a centre beyond 1, so this leaves padding out as well.
    if (box.every((value) => value > 0.01 && value < 0.99)) {
      coordinates.set(
        box.map((value) => Math.log(value / (1 - value))),
        token * 4,
      );
      valid[token] = 1;
    }
    token += 1;
  });
  return { coordinates, valid };
}
