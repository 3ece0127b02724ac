import {
  applyOperations,
  type ImageOperation,
  isBuiltIn,
  type Normalisation,
  normalisationTable,
  normaliseInto,
  type RgbImage,
} from "@detrkit/image";
import type { ImageSize } from "@detrkit/nn";
import { loadPixels, type PixelSource } from "../pixel-source.ts";

/** One image of a batch, from its source to its place in the batch's memory. */
export interface ImageTask {
  readonly source: PixelSource;
  /** What errors call it. */
  readonly name: string;
  /** Size according to the annotations. */
  readonly annotated: ImageSize;
  readonly operations: readonly ImageOperation[];
  readonly normalisation: Normalisation;
  /** Memory of the whole batch `[B, H, W, 3]` in float32, shared between threads. */
  readonly memory: SharedArrayBuffer;
  /** The image's position in the batch. */
  readonly position: number;
  /** `H`, `W` of the batch. */
  readonly padded: ImageSize;
}

/** Carries out a task: the image's part of the shared memory is written whole, padding included. */
export async function runImageTask(task: ImageTask): Promise<void> {
  const pixels = await loadPixels({ ...task, ...task.annotated });
  const image = applyOperations(safeFrom(task, pixels), task.operations);
  const { height, width } = task.padded;
  const length = height * width * 3;
  const destination = new Float32Array(task.memory, task.position * length * Float32Array.BYTES_PER_ELEMENT, length);
  normaliseInto(image, normalisationTable(task.normalisation), destination, task.padded);
}

/** Pixels that a reader holds in memory stay as they are, whatever somebody's transform does to what it is given. */
function safeFrom({ source, operations }: ImageTask, pixels: RgbImage): RgbImage {
  const held = typeof source !== "string" && !(source instanceof Uint8Array);
  const own = operations.some(({ transform }) => !isBuiltIn(transform));
  return held && own ? { ...pixels, data: pixels.data.slice() } : pixels;
}
