import type { DetectionTarget, TargetMasks } from "@detrkit/boxes";
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
import { epochLength, repeatedImages } from "./repeat-factors.ts";
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
  /**
   * How often each image comes in an epoch, on average: those of {@link repeatFactors}, for example. An epoch then has
   * {@link epochLength} images. Default: each once.
   */
  readonly repeats?: ArrayLike<number> | undefined;
}

/** Number of batches of one epoch: all epochs have the same. */
export function batchCount(
  images: number,
  { batchSize, dropLast = false, repeats }: Pick<BatchOrder, "batchSize" | "dropLast" | "repeats">,
): number {
  if (!Number.isInteger(batchSize) || batchSize < 1)
    throw new ConfigError(`batches: batchSize expected a whole number from 1, got ${batchSize}`);
  const length = epochLength(images, repeats);
  return dropLast ? Math.floor(length / batchSize) : Math.ceil(length / batchSize);
}

/**
 * Positions of the records of each batch of an epoch; depends on nothing but the seed, the epoch and the number of
 * images.
 */
export function batchOrder(images: number, order: BatchOrder): readonly (readonly number[])[] {
  const { batchSize, seed = 0, epoch = 0, shuffle = false, repeats } = order;
  const random = new Random(seed);
  const length = epochLength(images, repeats);
  const drawn = repeats === undefined ? undefined : repeatedImages(repeats, random.fork("repeats", epoch));
  const places = shuffle
    ? random.fork("order", epoch).permutation(length)
    : Array.from({ length }, (_, index) => index);
  const positions = drawn === undefined ? places : places.map((place) => drawn[place] as number);
  return Array.from({ length: batchCount(images, order) }, (_, batch) =>
    positions.slice(batch * batchSize, (batch + 1) * batchSize),
  );
}

/** One image of a batch: all that is known before its pixels are read. */
export interface PlannedImage {
  readonly record: ImageRecord;
  readonly operations: readonly ImageOperation[];
  readonly size: ImageSize;
  /** With masks, these are still to be drawn: the memory is there, and shared between threads. */
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

/** When an image is used, and what for. */
export interface ImageTurn {
  /** Whether its target has masks. */
  readonly masks: boolean;
  readonly seed: number;
  readonly epoch: number;
  /** How often it came before in this epoch. */
  readonly before: number;
}

/**
 * Plans what happens to record `index`. Its random numbers are its own, each time it comes: no other image shifts them.
 */
export function planImage(
  dataset: Dataset,
  index: number,
  { steps }: TransformRecipe,
  { seed, epoch, before, masks }: ImageTurn,
): PlannedImage {
  const record = dataset.records[index] as ImageRecord;
  const draws = new Random(seed).fork("transforms", epoch, index, ...(before === 0 ? [] : [before]));
  const own = { width: record.width, height: record.height };
  const { operations, size } = planTransforms(steps, own, draws, otherImages(dataset));
  const target = toDetectionTarget(operations.reduce(transformObjects, prepareObjects(record)));
  return { record, operations, size, target: masks ? { ...target, masks: undrawnMasks(target, size) } : target };
}

/** Memory for the masks of a target, shared so that a worker draws them there. */
function undrawnMasks({ labels }: DetectionTarget, { width, height }: ImageSize): TargetMasks {
  return { width, height, data: new Uint8Array(new SharedArrayBuffer(labels.length * width * height)) };
}
