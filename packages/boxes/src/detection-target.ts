/** Binary masks of one image's objects. `T` targets. */
export interface TargetMasks {
  /** Pixels; the same for all masks of the image, the image's own size without padding. */
  readonly height: number;
  readonly width: number;
  /** `[T, height, width]` row-major, 1 inside the object and 0 outside. */
  readonly data: Uint8Array;
}

/**
 * The targets of one image: plain arrays, so that workers can send them and matching needs no tensor. `T` targets. This
 * is the one type that data sets produce and that matcher and criterion take.
 */
export interface DetectionTarget {
  /** Class of each target `[T]`, from 0. */
  readonly labels: Int32Array;
  /** `[T, 4]` row-major, cxcywh, normalised by the size of the image **without** padding. */
  readonly boxes: Float32Array;
  /** Needed by mask losses only. */
  readonly masks?: TargetMasks;
}
