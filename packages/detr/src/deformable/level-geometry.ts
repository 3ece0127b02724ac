import type { ImageSize } from "@detrkit/nn";
import { mul, reshape, sigmoid, tensor, type Tensor, type Tensor3D, type Tensor4D, tidy } from "@tensorflow/tfjs-core";

/** Layout of the tokens of `L` levels: one map after the other, each row by row, `S` in all. For `B` images. */
export interface LevelLayout {
  /** Of the maps, `L` of them. */
  readonly levelShapes: readonly ImageSize[];
  /** For each level, how many cells of each image are not padding: always the top left rectangle. `[L][B]` */
  readonly levelSizes: readonly (readonly ImageSize[])[];
}

/** The number of tokens `S`. */
export function tokenCount({ levelShapes }: LevelLayout): number {
  return levelShapes.reduce((total, { height, width }) => total + height * width, 0);
}

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

/** The padding mask of the tokens `[B, S]`, 1 on padding; undefined if no cell of any level is padding. */
export function tokenPaddingMask(layout: LevelLayout): Uint8Array | undefined {
  const { levelShapes, levelSizes } = layout;
  const isPadded = levelShapes.some((shape, level) =>
    levelSizes[level]?.some(({ height, width }) => height < shape.height || width < shape.width),
  );
  if (!isPadded) return undefined;
  const mask = new Uint8Array((levelSizes[0]?.length ?? 0) * tokenCount(layout));
  let at = 0;
  eachToken(layout, ({ row, column, filled }) => {
    mask[at++] = row < filled.height && column < filled.width ? 0 : 1;
  });
  return mask;
}

/** The valid ratios: the share of each level's width and height that an image fills, `[B, L, 2]`, width first. */
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

/**
 * Reference points of the encoder: the centre of each token's cell, in every level. Coordinates are normalised by the
 * padded map, because that is what is sampled: the centre normalised by the image is multiplied by each level's valid
 * ratio.
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

/**
 * Converts references of the decoder from coordinates normalised by the image to ones normalised by each padded map.
 */
export class LevelScale {
  readonly #ratios: Float32Array;
  readonly #images: number;
  readonly #levels: number;

  constructor(layout: LevelLayout) {
    this.#ratios = validRatios(layout);
    this.#levels = layout.levelShapes.length;
    this.#images = this.#ratios.length / (2 * this.#levels);
  }

  /**
   * @param reference - before the sigmoid: points `[B, Q, 2]` or boxes `[B, Q, 4]`
   * @returns `[B, Q, L, 2]` or `[B, Q, L, 4]`
   */
  referencePoints(reference: Tensor3D): Tensor4D {
    const [B, Q, size] = reference.shape;
    return tidy(() => mul(reshape(sigmoid(reference), [B, Q, 1, size]), this.#scales(size)));
  }

  /** `[B, 1, L, 2]`, or with each pair twice, for centre and size, `[B, 1, L, 4]`. */
  #scales(size: number): Tensor {
    const pairs = size / 2;
    const scales = Float32Array.from(
      { length: this.#ratios.length * pairs },
      (_, index) => this.#ratios[Math.floor(index / size) * 2 + (index % 2)] as number,
    );
    return tensor(scales, [this.#images, 1, this.#levels, size]);
  }
}
