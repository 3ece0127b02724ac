/** Everything a detector says about one image, in plain memory. `N` entries, for DETR one for each query. */
export interface ImageDetections {
  /** `[N]`, 0 to 1. */
  readonly scores: Float32Array;
  /** `[N]`, the model's labels, from 0. */
  readonly labels: Int32Array;
  /** `[N · 4]`, xyxy in source pixels. */
  readonly boxes: Float32Array;
}

/** A class as a data set names it: a model's label is an index into a list of these. */
export interface Category {
  /** The data set's own id, for COCO 1 to 90 with gaps. */
  readonly id: number;
  readonly name: string;
}

/** One detection in the shape that npm users know, in source pixels. */
export interface Detection {
  readonly label: string;
  readonly labelId: number;
  readonly score: number;
  readonly box: { readonly xmin: number; readonly ymin: number; readonly xmax: number; readonly ymax: number };
}
