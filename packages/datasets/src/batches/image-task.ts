import {
  applyOperations,
  isBuiltIn,
  type Normalisation,
  normalisationTable,
  normaliseInto,
  type PixelOperation,
  type RgbImage,
} from "@detrkit/image";
import type { ImageSize } from "@detrkit/nn";
import type { MaskedRecord } from "../masks/object-masks.ts";
import { loadPixels, type PixelSource } from "../pixel-source.ts";
import { writeMasks } from "./mask-task.ts";

/** An image as a task needs it to have its pixels. */
export interface ImageSource {
  readonly source: PixelSource;
  /** What errors call it. */
  readonly name: string;
  /** Size according to the annotations. */
  readonly annotated: ImageSize;
}

/** An image, and its objects where their masks are wanted. */
export interface MaskedSource extends ImageSource {
  readonly objects?: MaskedRecord;
}

/** Another image of the data set, which an operation takes. */
export interface OtherSource extends MaskedSource {
  readonly position: number;
}

/** One image of a batch, from its source to its place in the batch's memory. */
export interface ImageTask extends MaskedSource {
  readonly operations: readonly PixelOperation[];
  /** The images that the operations take beside this one. */
  readonly others: readonly OtherSource[];
  readonly normalisation: Normalisation;
  /** Memory of the whole batch `[B, H, W, 3]` in float32, shared between threads. */
  readonly memory: SharedArrayBuffer;
  /** The image's position in the batch. */
  readonly position: number;
  /** `H`, `W` of the batch. */
  readonly padded: ImageSize;
  /** Where the masks are wanted: memory for those `[T, h, w]` of the objects that are left in the changed image. */
  readonly masks?: SharedArrayBuffer;
}

/**
 * Carries out a task: the image's part of the shared memory is written whole, padding included, and so are the masks.
 */
export async function runImageTask(task: ImageTask): Promise<void> {
  const pixelsOf = async (image: ImageSource): Promise<RgbImage> => {
    const pixels = await loadPixels({ ...image, ...image.annotated });
    return safeFrom(image.source, task.operations, pixels);
  };
  const own = await pixelsOf(task);
  const others = new Map<number, RgbImage>();
  for (const other of task.others) others.set(other.position, await pixelsOf(other));
  const image = applyOperations(own, task.operations, others);
  const { height, width } = task.padded;
  const length = height * width * 3;
  const destination = new Float32Array(task.memory, task.position * length * Float32Array.BYTES_PER_ELEMENT, length);
  normaliseInto(image, normalisationTable(task.normalisation), destination, task.padded);
  await writeMasks(task);
}

/** Pixels that a reader holds in memory stay as they are, whatever somebody's transform does to what it is given. */
function safeFrom(source: PixelSource, operations: ImageTask["operations"], pixels: RgbImage): RgbImage {
  const held = typeof source !== "string" && !(source instanceof Uint8Array);
  const own = operations.some(({ transform }) => !isBuiltIn(transform));
  return held && own ? { ...pixels, data: pixels.data.slice() } : pixels;
}
