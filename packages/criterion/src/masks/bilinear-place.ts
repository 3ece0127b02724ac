import type { BatchSize } from "./target-masks.ts";

/**
 * A place between the pixels of a map: the four pixels around it, and the share that each has in the value there. Pixel
 * centres lie at half and the pixels at the border are repeated, as in resizing. One object is moved from place to
 * place, so that a million of them make no garbage.
 */
export class BilinearPlace {
  readonly #width: number;
  readonly #height: number;
  readonly #pixels = new Int32Array(4);
  readonly #shares = new Float64Array(4);

  constructor({ height, width }: BatchSize) {
    this.#height = height;
    this.#width = width;
  }

  /** @param x - from 0 at the map's left edge to 1 at its right edge; `y` likewise from the top */
  moveTo(x: number, y: number): this {
    const column = Math.min(Math.max(x * this.#width - 0.5, 0), this.#width - 1);
    const row = Math.min(Math.max(y * this.#height - 0.5, 0), this.#height - 1);
    const left = Math.floor(column);
    const top = Math.floor(row);
    const toRight = left + 1 < this.#width ? 1 : 0;
    const toBottom = top + 1 < this.#height ? this.#width : 0;
    const pixel = top * this.#width + left;
    const [pixels, shares] = [this.#pixels, this.#shares];
    pixels[0] = pixel;
    pixels[1] = pixel + toRight;
    pixels[2] = pixel + toBottom;
    pixels[3] = pixel + toBottom + toRight;
    shares[0] = (1 - (column - left)) * (1 - (row - top));
    shares[1] = (column - left) * (1 - (row - top));
    shares[2] = (1 - (column - left)) * (row - top);
    shares[3] = (column - left) * (row - top);
    return this;
  }

  /**
   * @param maps - each `[height, width]` row-major
   * @param from - index of the map's first value
   */
  valueIn(maps: Float32Array, from = 0): number {
    let value = 0;
    for (let corner = 0; corner < 4; corner++) {
      value += (this.#shares[corner] as number) * (maps[from + (this.#pixels[corner] as number)] as number);
    }
    return value;
  }

  /** Adds an amount to a map at this place: what {@link valueIn} does, backwards. */
  spread(amount: number, into: Float32Array, from = 0): void {
    for (let corner = 0; corner < 4; corner++) {
      const pixel = from + (this.#pixels[corner] as number);
      into[pixel] = (into[pixel] as number) + amount * (this.#shares[corner] as number);
    }
  }
}
