import { ConfigError, DataError } from "@detrkit/common";
import type { Category, ImageDetections } from "@detrkit/detr";
import type { ImageSize, PaddedBatch } from "@detrkit/nn";
import { type PanopticQueries, panopticSegments } from "@detrkit/segmentation";
import { masksIn } from "./choose-detections.ts";

/** One segment of a {@link PanopticPicture}. */
export interface PanopticPictureSegment {
  /** Its pixels have this id, from 1. */
  readonly id: number;
  /** Name of its class. */
  readonly label: string;
  /** The data set's own id of the class. */
  readonly labelId: number;
  /** Whether it is one object, or all stuff of its class. */
  readonly isThing: boolean;
  /** 0 to 1. */
  readonly score: number;
  /** In pixels. */
  readonly area: number;
}

/** An image parted into segments of things and stuff. */
export interface PanopticPicture {
  /** Of the image, in pixels. */
  readonly width: number;
  readonly height: number;
  /**
   * The id of each pixel's segment `[height · width]`, row by row; 0 everywhere where nothing was found.
   * `coloursOfSegmentIds` of `@detrkit/masks` codes them as COCO's pictures do.
   */
  readonly segmentIds: Int32Array;
  readonly segments: readonly PanopticPictureSegment[];
}

/** Which segments there are. */
export interface SegmentChoice {
  /** Queries with this score or a lower one are left out. */
  readonly threshold: number;
  /** Segments of so few pixels, or fewer, are left out. */
  readonly smallest: number;
}

/**
 * Parts the images of a batch into segments.
 *
 * @param found - all detections of each image, with their queries
 * @throws ConfigError where the output has no masks
 */
export async function panopticPictures(
  found: readonly ImageDetections[],
  output: object,
  { sizes }: PaddedBatch,
  sourceSizes: readonly ImageSize[],
  categories: readonly Category[],
  choice: SegmentChoice,
): Promise<PanopticPicture[]> {
  const masks = masksIn(output);
  if (masks === undefined)
    throw new ConfigError("Detector.panoptic: this detector has no mask head; load or train one with masks");
  const images = await panopticSegments(masks, {
    ...choice,
    candidates: found.map(bestOfEachQuery),
    sizes,
    sourceSizes,
    isThing: (label) => categories[label]?.isThing ?? true,
  });
  return images.map(({ width, height, segmentIds, segments }) => ({
    width,
    height,
    segmentIds,
    segments: segments.map(({ id, label, isThing, area, score }) => {
      const category = categories[label];
      if (category === undefined)
        throw new DataError(`Detector.panoptic: label ${label} has no category; got ${categories.length} of them`);
      return { id, label: category.name, labelId: category.id, isThing, score, area };
    }),
  }));
}

/** A query of a sigmoid detector may be found with several classes: the most probable one counts. */
function bestOfEachQuery({ scores, labels, queries }: ImageDetections): PanopticQueries {
  const best = new Map<number, number>();
  for (const [index, query] of (queries ?? []).entries()) {
    const before = best.get(query);
    if (before === undefined || (scores[index] as number) > (scores[before] as number)) best.set(query, index);
  }
  const chosen = [...best].toSorted(([first], [second]) => first - second);
  return {
    queries: chosen.map(([query]) => query),
    labels: chosen.map(([, index]) => labels[index] as number),
    scores: chosen.map(([, index]) => scores[index] as number),
  };
}
