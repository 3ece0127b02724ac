import { ConfigError, type Random, ShapeError } from "@detrkit/common";
import { Embedding, expectShape, Module, uniform } from "@detrkit/nn";
import { add, concat, reshape, slice, type Tensor4D, tidy, zeros } from "@tensorflow/tfjs-core";
import type { EncodedMap, PositionEncoding } from "./position-encoding.ts";

/** Sizes of a {@link LearnedPositionEncoding}. */
export interface LearnedPositionEncodingConfig {
  /** Width of the encoding, both axes together: an even number. */
  readonly dim: number;
  /** Largest height and width of a map. Default 50. */
  readonly maxCells?: number;
  readonly random: Random;
}

/** A learned vector for each row and each column, the x axis first. It does not depend on padding. */
export class LearnedPositionEncoding extends Module implements PositionEncoding {
  readonly rowEmbedding: Embedding;
  readonly columnEmbedding: Embedding;
  readonly dim: number;
  readonly maxCells: number;

  constructor({ dim, maxCells = 50, random }: LearnedPositionEncodingConfig) {
    super();
    if (!Number.isInteger(dim) || dim < 2 || dim % 2 !== 0)
      throw new ConfigError(`LearnedPositionEncoding: dim must be an even number, got ${dim}`);
    const table = { count: maxCells, dim: dim / 2, weightInitializer: uniform(0, 1), random };
    this.rowEmbedding = new Embedding(table);
    this.columnEmbedding = new Embedding(table);
    this.dim = dim;
    this.maxCells = maxCells;
  }

  /** @returns `[B, H, W, dim]`, x features before y features */
  call({ paddingMask }: EncodedMap): Tensor4D {
    const { B, H, W } = expectShape(paddingMask.shape, "LearnedPositionEncoding.call: paddingMask", ["B", "H", "W"]);
    if (Math.max(H, W) > this.maxCells) {
      throw new ShapeError(
        `LearnedPositionEncoding.call: a map of ${H} x ${W} cells is larger than the ${this.maxCells} learned ` +
          `positions; use smaller images, a larger \`maxCells\`, or a SinePositionEncoding`,
      );
    }
    const features = this.dim / 2;
    return tidy(() => {
      const spread = zeros([B, H, W, features]);
      const columns = reshape(slice(this.columnEmbedding.weight.value, 0, W), [1, 1, W, features]);
      const rows = reshape(slice(this.rowEmbedding.weight.value, 0, H), [1, H, 1, features]);
      return concat<Tensor4D>([add(columns, spread), add(rows, spread)], 3);
    });
  }
}
