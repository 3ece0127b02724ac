import { setImmediate as nextTurn } from "node:timers/promises";
import type { DetectionTarget } from "@detrkit/boxes";
import { ConfigError } from "@detrkit/common";
import type { TransformRecipe } from "@detrkit/image";
import { type ImageSize, type PaddedBatch, paddingMaskOf } from "@detrkit/nn";
import { tensor3d, tensor4d } from "@tensorflow/tfjs-core";
import { type BatchOrder, batchOrder, planImage, type PlannedImage } from "./batch-plan.ts";
import { type Dataset, imageName } from "../dataset.ts";
import { otherSources, sourceOf } from "./image-sources.ts";
import { ImageWorkers, type RunningTask } from "./image-workers.ts";

export interface BatchesOptions extends BatchOrder {
  readonly transforms: TransformRecipe;
  /** First batch to give, to go on in the middle of an epoch; those before it are not read. Default: 0. */
  readonly firstBatch?: number;
  /** Worker threads: their number, or a set that is shared between epochs. With 0 the calling thread does the work. */
  readonly workers?: number | ImageWorkers;
  /**
   * Whether targets have the masks of their objects, drawn by the workers. Each object of the data has to have one, but
   * crowd regions: `openDataset(spec, { masks: true })` leaves out images where that is not so. Default: false.
   */
  readonly masks?: boolean;
  /** Batches that are prepared while one is in use. Default: enough to keep every worker busy. */
  readonly ahead?: number;
}

/** Which image an entry of a batch is. */
export interface BatchRecord {
  readonly id: number;
  readonly name: string;
  /** Path of the image; its name where it is no file. */
  readonly file: string;
  /** Size of the source image. */
  readonly width: number;
  readonly height: number;
}

/** `B` images, their targets, and which images they are. */
export interface DetectionBatch {
  /** The batch's number in its epoch. */
  readonly index: number;
  /** Belongs to the iterator, which frees it when the next batch is asked for. */
  readonly images: PaddedBatch;
  readonly targets: readonly DetectionTarget[];
  readonly records: readonly BatchRecord[];
  /** Milliseconds from asking for this batch to getting it. */
  readonly waitedMs: number;
}

interface StartedBatch {
  readonly index: number;
  readonly planned: readonly PlannedImage[];
  readonly padded: ImageSize;
  readonly memory: SharedArrayBuffer;
  readonly tasks: readonly RunningTask[];
  readonly done: Promise<unknown>;
}

/** Memory that is used again: a batch takes a piece that another no longer needs, when it is large enough. */
class MemoryRing {
  readonly #free: SharedArrayBuffer[] = [];

  take(bytes: number): SharedArrayBuffer {
    const free = this.#free.pop();
    return free !== undefined && free.byteLength >= bytes ? free : new SharedArrayBuffer(bytes);
  }

  giveBack(memory: SharedArrayBuffer): void {
    this.#free.push(memory);
  }
}

function startBatch(
  dataset: Dataset,
  index: number,
  planned: readonly PlannedImage[],
  recipe: TransformRecipe,
  workers: ImageWorkers,
  ring: MemoryRing,
): StartedBatch {
  const padded = {
    height: Math.max(...planned.map(({ size }) => size.height)),
    width: Math.max(...planned.map(({ size }) => size.width)),
  };
  const memory = ring.take(planned.length * padded.height * padded.width * 3 * Float32Array.BYTES_PER_ELEMENT);
  const tasks = planned.map(({ record, operations, target: { masks } }, position) =>
    workers.run({
      ...sourceOf(record, masks !== undefined),
      operations,
      others: otherSources(operations, dataset, masks !== undefined),
      normalisation: recipe.normalisation,
      memory,
      position,
      padded,
      ...(masks && { masks: masks.data.buffer as SharedArrayBuffer }),
    }),
  );
  const done = Promise.all(tasks.map((task) => task.done));
  // An error is thrown where the batch is awaited; until then it must not count as unhandled.
  done.catch(() => undefined);
  return { index, planned, padded, memory, tasks, done };
}

function finishBatch({ index, planned, padded, memory }: StartedBatch, waitedMs: number): DetectionBatch {
  const { height, width } = padded;
  const sizes = planned.map(({ size }) => size);
  const pixels = new Float32Array(memory, 0, planned.length * height * width * 3);
  return {
    index,
    images: {
      images: tensor4d(pixels, [planned.length, height, width, 3]),
      paddingMask: tensor3d(paddingMaskOf(sizes, padded), [planned.length, height, width], "bool"),
      sizes,
    },
    targets: planned.map(({ target }) => target),
    records: planned.map(({ record }) => ({
      id: record.id,
      name: record.name,
      file: imageName(record),
      width: record.width,
      height: record.height,
    })),
    waitedMs,
  };
}

/** Of each image of each batch, how often it came before. */
function timesBefore(order: readonly (readonly number[])[]): readonly (readonly number[])[] {
  const counts = new Map<number, number>();
  return order.map((batch) =>
    batch.map((index) => {
      const count = counts.get(index) ?? 0;
      counts.set(index, count + 1);
      return count;
    }),
  );
}

/** Enough that every worker has an image in hand and one waiting. */
const usualAhead = (workers: number, batchSize: number): number =>
  Math.max(2, Math.ceil((2 * workers) / batchSize) + 1);

/**
 * The batches of one epoch, read, transformed, normalised and padded by worker threads ahead of their use. Their order
 * and content depend on the seed and the epoch only. A batch's tensors are the iterator's: they are freed, and their
 * memory used again, when the next batch is asked for or the loop is left.
 *
 * @throws DataError naming the image that cannot be read
 */
export async function* batches(dataset: Dataset, options: BatchesOptions): AsyncGenerator<DetectionBatch, void, void> {
  const { transforms, seed = 0, epoch = 0, firstBatch = 0, masks = false } = options;
  const order = batchOrder(dataset.length, options);
  if (!Number.isInteger(firstBatch) || firstBatch < 0)
    throw new ConfigError(`batches: firstBatch expected a whole number from 0, got ${firstBatch}`);
  const before = timesBefore(order);
  const own = options.workers instanceof ImageWorkers ? undefined : new ImageWorkers(options.workers);
  const workers = options.workers instanceof ImageWorkers ? options.workers : (own as ImageWorkers);
  const ahead = options.ahead ?? usualAhead(workers.count, options.batchSize);
  const ring = new MemoryRing();
  const started: StartedBatch[] = [];
  let next = firstBatch;
  const startMore = (): void => {
    while (started.length < ahead && next < order.length) {
      const planned = (order[next] as readonly number[]).map((index, place) =>
        planImage(dataset, index, transforms, { seed, epoch, masks, before: before[next]?.[place] ?? 0 }),
      );
      started.push(startBatch(dataset, next, planned, transforms, workers, ring));
      next++;
    }
  };
  try {
    startMore();
    for (let current = started.shift(); current !== undefined; current = started.shift()) {
      const asked = performance.now();
      await current.done;
      // Where the next batches are ready already, all of them would be used in one turn of the event loop, and Ctrl-C
      // would wait for the end of the epoch.
      await nextTurn();
      const batch = finishBatch(current, performance.now() - asked);
      // Before the batch is used, so that the workers are busy while the main thread is.
      startMore();
      try {
        yield batch;
      } finally {
        batch.images.images.dispose();
        batch.images.paddingMask.dispose();
        ring.giveBack(current.memory);
      }
    }
  } finally {
    for (const { tasks } of started) for (const task of tasks) task.cancel();
    await own?.close();
  }
}
