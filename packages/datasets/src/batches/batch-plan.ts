import type { DetectionTarget } from "@detrkit/boxes";
import { ConfigError, Random } from "@detrkit/common";
import {
  type ImageOperation,
  type OtherImages,
  planTransforms,
  transformObjects,
  type TransformRecipe,
} from "@detrkit/image";
import type { ImageSize } from "@detrkit/nn";
import type { Dataset, ImageRecord } from "../dataset.ts";
import { prepareObjects, toDetectionTarget } from "../targets.ts";

/** Which image is in which batch. */
export interface BatchOrder {
  readonly batchSize: number;
  /** Decides order and augmentation, together with `epoch`. Default: 0. */
  readonly seed?: number;
  readonly epoch?: number;
  /** Whether each epoch has its own random order. Default: false, the order of the data. */
  readonly shuffle?: boolean;
  /** Whether a last batch that is not full is left out. Default: false. */
  readonly dropLast?: boolean;
}

/** Number of batches of one epoch. */
export function batchCount(
  images: number,
  { batchSize, dropLast = false }: Pick<BatchOrder, "batchSize" | "dropLast">,
): number {
  if (!Number.isInteger(batchSize) || batchSize < 1)
    throw new ConfigError(`batches: batchSize expected a whole number from 1, got ${batchSize}`);
  return dropLast ? Math.floor(images / batchSize) : Math.ceil(images / batchSize);
}

/**
 * Positions of the records of each batch of an epoch; depends on nothing but the seed, the epoch and the number of
 * images.
 */
export function batchOrder(images: number, order: BatchOrder): readonly (readonly number[])[] {
  const { batchSize, seed = 0, epoch = 0, shuffle = false } = order;
  const positions = shuffle
    ? new Random(seed).fork("order", epoch).permutation(images)
    : Array.from({ length: images }, (_, index) => index);
  return Array.from({ length: batchCount(images, order) }, (_, batch) =>
    positions.slice(batch * batchSize, (batch + 1) * batchSize),
  );
}

/** One image of a batch: all that is known before its pixels are read. */
export interface PlannedImage {
  readonly record: ImageRecord;
  readonly operations: readonly ImageOperation[];
  readonly size: ImageSize;
  readonly target: DetectionTarget;
}

/** What transforms may take of other images: their objects are prepared as those of every image. */
function otherImages({ records }: Dataset): OtherImages {
  return {
    length: records.length,
    at(position) {
      const record = records[position] as ImageRecord;
      const objects = prepareObjects(record);
      return { position, size: objects.size, objects };
    },
  };
}

/** Plans what happens to record `index` in an epoch. Its random numbers are its own: no other image shifts them. */
export function planImage(
  dataset: Dataset,
  index: number,
  { steps }: TransformRecipe,
  seed: number,
  epoch: number,
): PlannedImage {
  const record = dataset.records[index] as ImageRecord;
  const draws = new Random(seed).fork("transforms", epoch, index);
  const own = { width: record.width, height: record.height };
  const { operations, size } = planTransforms(steps, own, draws, otherImages(dataset));
  const target = toDetectionTarget(operations.reduce(transformObjects, prepareObjects(record)));
  return { record, operations, size, target };
}
