import { ConfigError } from "@detrkit/common";
import { expectShape, Module } from "@detrkit/nn";
import {
  add,
  cast,
  cumsum,
  div,
  logicalNot,
  mul,
  reshape,
  sin,
  slice,
  stack,
  type Tensor,
  tensor,
  type Tensor4D,
  tidy,
} from "@tensorflow/tfjs-core";
import type { EncodedMap, PositionEncoding } from "./position-encoding.ts";
import { sineOfSizes } from "./sine-of-sizes.ts";
import { type SinePositionEncodingConfig, type SineSettings, wavelength } from "./sine-settings.ts";

/**
 * Sines and cosines of the position at wavelengths in geometric progression, the y axis first. Only unpadded cells
 * count towards a position, so an image's encoding does not depend on the padding beside it.
 */
export class SinePositionEncoding extends Module implements PositionEncoding {
  readonly dim: number;
  readonly settings: SineSettings;

  constructor({
    temperature = 10000,
    normalize = true,
    scale = 2 * Math.PI,
    epsilon = 1e-6,
    cellCentres = false,
    dim,
  }: SinePositionEncodingConfig) {
    super();
    if (!Number.isInteger(dim) || dim < 2 || dim % 2 !== 0)
      throw new ConfigError(`SinePositionEncoding: dim must be an even number, got ${dim}`);
    this.dim = dim;
    this.settings = { dim, temperature, normalize, scale, epsilon, cellCentres };
  }

  /** @returns `[B, H, W, dim]`, y features before x features */
  call({ paddingMask, sizes }: EncodedMap): Tensor4D {
    const { B, H, W } = expectShape(paddingMask.shape, "SinePositionEncoding.call: paddingMask", ["B", "H", "W"]);
    if (sizes === undefined) return this.#ofMask(paddingMask);
    expectShape([sizes.length], "SinePositionEncoding.call: sizes", [B]);
    return tensor(sineOfSizes(sizes, { height: H, width: W }, this.settings), [B, H, W, this.dim]);
  }

  /** For masks of any form: an image's unpadded cells need not be a rectangle. */
  #ofMask(paddingMask: EncodedMap["paddingMask"]): Tensor4D {
    const [B, H, W] = paddingMask.shape;
    const features = this.dim / 2;
    return tidy(() => {
      const visible = cast(logicalNot(paddingMask), "float32");
      const y = this.#scaled(cumsum(visible, 1), [0, H - 1, 0], [B, 1, W]);
      const x = this.#scaled(cumsum(visible, 2), [0, 0, W - 1], [B, H, 1]);
      const positions = reshape(stack([y, x], 3), [B, H, W, 2, 1]);
      const waves = Array.from({ length: features }, (_, index) => 1 / wavelength(index, this.settings));
      // cos(a) = sin(a + pi / 2)
      const phases = Array.from({ length: features }, (_, index) => (index % 2) * (Math.PI / 2));
      return reshape(sin(add(mul(positions, tensor(waves)), tensor(phases))), [B, H, W, this.dim]);
    });
  }

  #scaled(position: Tensor, lastBegin: number[], lastSize: number[]): Tensor {
    const { normalize, scale, epsilon, cellCentres } = this.settings;
    if (!normalize) return position;
    const factor = div(scale, add(slice(position, lastBegin, lastSize), epsilon));
    return mul(cellCentres ? add(position, -0.5) : position, factor);
  }
}
