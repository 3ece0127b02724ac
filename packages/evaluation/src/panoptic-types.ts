/** A class that panoptic quality is counted for. */
export interface PanopticCategory {
  readonly id: number;
  /** Things are counted one by one; of stuff (sky, road) an image has one segment. */
  readonly isThing: boolean;
}

/** A segment of an image, as the file beside COCO's panoptic pictures lists it. */
export interface PanopticSegment {
  /** That of its pixels. */
  readonly id: number;
  readonly categoryId: number;
  /** Of the ground truth: a group of things that are not told apart. Default false. */
  readonly isCrowd?: boolean;
  /** Of the ground truth: its number of pixels as the file says. Default: its pixels are counted. */
  readonly area?: number;
}

/** An image that is divided into segments: each pixel belongs to one of them, or to none. */
export interface PanopticSegmentation {
  /** Segment of each pixel; 0 is void: unlabelled in the ground truth, nothing in a prediction. */
  readonly segmentIds: Int32Array;
  readonly segments: readonly PanopticSegment[];
}

/** Figures of panoptic quality, from 0 to 1; -1 where there is nothing to count. */
export interface PanopticFigures {
  /** Panoptic quality: `SQ · RQ` of a class, the mean over classes. */
  readonly PQ: number;
  /** Segmentation quality: mean IoU of the segments that were found. */
  readonly SQ: number;
  /** Recognition quality: F1 of finding segments. */
  readonly RQ: number;
}

/** Means over classes. */
export interface PanopticMeans extends PanopticFigures {
  /** Classes that there was anything to count of, in the ground truth or in the predictions. */
  readonly n: number;
}

/** The figures of a class, and what they were counted from. */
export interface PanopticClassQuality extends PanopticFigures {
  readonly categoryId: number;
  readonly isThing: boolean;
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly falseNegatives: number;
  /** Sum of the IoUs of the true positives. */
  readonly iouSum: number;
}

/** The result of `PanopticQuality`. */
export interface PanopticEvaluation {
  readonly all: PanopticMeans;
  readonly things: PanopticMeans;
  readonly stuff: PanopticMeans;
  /** In the order of the categories. */
  readonly perClass: readonly PanopticClassQuality[];
}
