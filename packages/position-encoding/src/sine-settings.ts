/** Settings of a sine position encoding; the defaults are those of DETR. */
export interface SinePositionEncodingConfig {
  /** Width of the encoding, both axes together: an even number. */
  readonly dim: number;
  /** Longest wavelength divided by 2 pi. Default 10000. */
  readonly temperature?: number;
  /** Whether positions are divided by the size of the unpadded image. Default true. */
  readonly normalize?: boolean;
  /** Position of the far edge when `normalize` is set. Default 2 pi. */
  readonly scale?: number;
  /** Added to the size before division by it. Default 1e-6. */
  readonly epsilon?: number;
  /**
   * Whether `normalize` counts from cell centres, as Deformable DETR does, instead of from far edges, as DETR does.
   * Default false.
   */
  readonly cellCentres?: boolean;
}

/** The settings with every default filled in. */
export type SineSettings = Required<SinePositionEncodingConfig>;

/**
 * Divisor of positions for feature `index` of an axis: `temperature ^ (2i / (dim / 2))` with `i = floor(index / 2)`,
 * the same for a sine and its cosine.
 */
export function wavelength(index: number, { temperature, dim }: SineSettings): number {
  return temperature ** ((2 * Math.floor(index / 2)) / (dim / 2));
}
