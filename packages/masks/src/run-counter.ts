/** Counts the runs of a mask whose pixels are given one by one, down the columns, left to right. */
export class RunCounter {
  readonly #counts: number[] = [];
  #inside = false;
  #run = 0;

  /** @param inside - whether the next pixel is foreground */
  add(inside: boolean): void {
    if (inside !== this.#inside) {
      this.#counts.push(this.#run);
      this.#inside = inside;
      this.#run = 0;
    }
    this.#run++;
  }

  /** The lengths of runs of background and foreground in turn, background first. */
  finish(): Uint32Array {
    return Uint32Array.from([...this.#counts, this.#run]);
  }
}
