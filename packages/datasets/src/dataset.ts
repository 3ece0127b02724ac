import type { CocoSegmentation } from "@detrkit/masks";
import type { DataProblem } from "./data-policy.ts";
import type { SegmentPicture } from "./masks/segment-picture.ts";
import type { PixelSource } from "./pixel-source.ts";

/** One image and its `T` objects. */
export interface ImageRecord {
  /** Image id of the source; where it has none, the position from 1. */
  readonly id: number;
  /** The file name as the annotations write it; any name where the image is no file. */
  readonly name: string;
  readonly source: PixelSource;
  readonly width: number;
  readonly height: number;
  /** `[T·4]` left, top, right, bottom in pixels, as annotated (not clipped). */
  readonly boxes: Float64Array;
  /** `[T]` contiguous labels, indices into `Dataset.classes`. */
  readonly labels: Int32Array;
  /** `[T]` 1 on crowd regions. */
  readonly crowd: Uint8Array;
  /** `[T]` the area that COCO gives, else that of the box. */
  readonly areas: Float64Array;
  /** `[T]` annotation ids of the source; where it has none, counted from 1 over the data set. */
  readonly annotationIds: Float64Array;
  /**
   * `[T·4]` left, top, width, height, where the source writes widths (COCO): exactly its numbers, since evaluation
   * compares to the last bit.
   */
  readonly boxesXywh?: Float64Array;
  /** `[T]` masks, where the source writes them as polygons or run lengths. */
  readonly segmentations?: readonly (CocoSegmentation | undefined)[];
  /** The masks of all objects, where the source has them as one picture. */
  readonly segments?: SegmentPicture;
}

/** Images with their objects, of one split of a data set. */
export interface Dataset {
  /** The spec it was opened from. */
  readonly spec: string;
  readonly split: string;
  /** Class names by label. */
  readonly classes: readonly string[];
  /** The source's category id by label. */
  readonly categoryIds: readonly number[];
  /**
   * By label, whether a class is of things that can be counted, or of stuff such as sky. All are things where absent.
   */
  readonly things?: readonly boolean[];
  readonly length: number;
  readonly records: readonly ImageRecord[];
  /** What was found wrong while reading; {@link dataPolicy} says what happened to it. */
  readonly problems: readonly DataProblem[];
}

/** What messages call an image: the path of a file, the name of one that is in memory. */
export function imageName({ source, name }: Pick<ImageRecord, "source" | "name">): string {
  return typeof source === "string" ? source : name;
}
