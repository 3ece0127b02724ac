/**
 * A model's predictions for one image, as plain arrays. `Q` queries, `C` classes ("no object" included, where the model
 * has it).
 */
export interface ImagePrediction {
  readonly queries: number;
  readonly classes: number;
  /** `[Q, C]` row-major. */
  readonly logits: Float32Array;
  /** `[Q, 4]` row-major, cxcywh, normalised by the image's size without padding. */
  readonly boxes: Float32Array;
}

/**
 * Pairs of one image: query `queries[k]` predicts target `targets[k]`, sorted by query. One to one these are
 * `min(Q, T)` pairs.
 */
export interface Match {
  readonly queries: Int32Array;
  readonly targets: Int32Array;
}
