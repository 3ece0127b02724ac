import type { ImageSize } from "@detrkit/common";
import { placeOnAxis } from "@detrkit/masks";

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

  constructor({ height, width }: ImageSize) {
    this.#height = height;
    this.#width = width;
  }

  /** @param x - from 0 at the map's left edge to 1 at its right edge; `y` likewise from the top */
  moveTo(x: number, y: number): this {
    const across = placeOnAxis(x * this.#width, this.#width);
    const down = placeOnAxis(y * this.#height, this.#height);
    const [top, bottom] = [down.low * this.#width, down.high * this.#width];
    const [pixels, shares] = [this.#pixels, this.#shares];
    pixels[0] = top + across.low;
    pixels[1] = top + across.high;
    pixels[2] = bottom + across.low;
    pixels[3] = bottom + across.high;
    shares[0] = (1 - across.share) * (1 - down.share);
    shares[1] = across.share * (1 - down.share);
    shares[2] = (1 - across.share) * down.share;
    shares[3] = across.share * down.share;
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
