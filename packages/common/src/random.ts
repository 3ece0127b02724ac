const twoTo32 = 4294967296;

/** 32-bit FNV-1a hash of a string's UTF-16 code units. */
function hashString(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}

/** Finaliser of MurmurHash3: spreads nearby integers over the whole 32-bit range. */
function mix(value: number): number {
  let hash = value | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/**
 * A stream of pseudo-random numbers that depends on its seed only: the same on every machine (mulberry32). Pass one
 * down instead of using `Math.random`; `fork` gives a part of the program its own stream, so that what one part draws
 * does not change what another one gets.
 */
export class Random {
  readonly #seed: number;
  #state: number;
  #spareNormal: number | undefined;

  constructor(seed: number) {
    this.#seed = seed >>> 0;
    this.#state = this.#seed;
  }

  /** An independent stream, determined by this one's seed and the labels; draws nothing from this one. */
  fork(...labels: readonly (string | number)[]): Random {
    let hash = mix(this.#seed ^ 0x9e3779b9);
    for (const label of labels) {
      hash = mix(Math.imul(hash, 31) ^ (typeof label === "string" ? hashString(label) : mix(label + 0x632be5ab)));
    }
    return new Random(hash);
  }

  /** An integer in `[0, 2^32)`. */
  uint32(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let word = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    word = (word + Math.imul(word ^ (word >>> 7), 61 | word)) ^ word;
    return (word ^ (word >>> 14)) >>> 0;
  }

  /** A number in `[low, high)`; default `[0, 1)`. */
  uniform(low = 0, high = 1): number {
    return low + (high - low) * (this.uint32() / twoTo32);
  }

  /** An integer in `[low, high]`, both ends included. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.uniform() * (high - low + 1));
  }

  /** A number of the standard normal distribution (Box and Muller's transform; both values of a pair are used). */
  normal(): number {
    const spare = this.#spareNormal;
    if (spare !== undefined) {
      this.#spareNormal = undefined;
      return spare;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    const angle = 2 * Math.PI * this.uniform();
    this.#spareNormal = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  /** One of the items. */
  choice<Item>(items: readonly [Item, ...Item[]]): Item {
    return items[this.integer(0, items.length - 1)] ?? items[0];
  }

  /** The numbers `0 … length - 1` in random order (Fisher and Yates). */
  permutation(length: number): number[] {
    const order = Array.from({ length }, (_, index) => index);
    for (let last = length - 1; last > 0; last--) {
      const other = this.integer(0, last);
      [order[last], order[other]] = [order[other] as number, order[last] as number];
    }
    return order;
  }
}
