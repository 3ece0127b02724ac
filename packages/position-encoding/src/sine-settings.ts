/** Settings of a sine position encoding; the defaults are those of DETR. */
export interface SinePositionEncodingConfig {
  /** Width of the encoding, both axes together: an even number. */
  readonly dim: number;
  /** Longest wave over 2 pi. Default 10000. */
  readonly temperature?: number;
  /** Whether positions are divided by the size of the unpadded image. Default true. */
  readonly normalize?: boolean;
  /** What the far edge becomes when `normalize` is set. Default 2 pi. */
  readonly scale?: number;
  /** Added to the size before dividing by it. Default 1e-6. */
  readonly epsilon?: number;
  /**
   * Whether `normalize` counts from cell centres, as Deformable DETR does, instead of from far edges, as DETR does.
   * Default false.
   */
  readonly cellCentres?: boolean;
}

/** The settings with every default filled in. */
export type SineSettings = Required<SinePositionEncodingConfig>;

/** `temperature` to the power of the share of `index` among an axis's features; a sine and its cosine have the same. */
export function wavelength(index: number, { temperature, dim }: SineSettings): number {
  return temperature ** ((2 * Math.floor(index / 2)) / (dim / 2));
}
