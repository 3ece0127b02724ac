import { mul, reshape, sigmoid, tensor, type Tensor, type Tensor3D, type Tensor4D, tidy } from "@tensorflow/tfjs-core";
import type { LevelLayout } from "./level-tokens.ts";
import { validRatios } from "./valid-ratios.ts";

/** From shares of the image to shares of each padded map: where the queries of a decoder layer look. */
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
