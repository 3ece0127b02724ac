import { DataError } from "@detrkit/common";
import { applyOperations, decodeImage, normalisationTable, normaliseInto, readImageHeader } from "@detrkit/image";
import type { ImageOperation, Normalisation, RgbImage } from "@detrkit/image";
import type { ImageSize } from "@detrkit/nn";
import type { PixelSource } from "./dataset.ts";
import { renderShapes } from "./shapes-image.ts";

/** One image of a batch, from its file to its place in the batch's memory. Plain data: it is sent to a worker. */
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

/**
 * Reads an image's pixels and sees that they have the annotated size. Where only the stored pixels of a turned image
 * have it, the boxes were drawn on those, and its EXIF orientation is left alone.
 */
export async function loadPixels(source: PixelSource, name: string, annotated: ImageSize): Promise<RgbImage> {
  if (source.kind === "shapes") return renderShapes(source.options, source.index);
  const image = await decodeImage(source.path, { name });
  if (image.width === annotated.width && image.height === annotated.height) return image;
  if (
    image.width === annotated.height &&
    image.height === annotated.width &&
    (await readImageHeader(source.path, { name })).orientation >= 5
  ) {
    return decodeImage(source.path, { name, orientation: "ignore" });
  }
  throw new DataError(
    `${name}: the image has ${image.width}x${image.height} pixels, its annotation says ${annotated.width}x${annotated.height}; ` +
      "its boxes may lie elsewhere: correct the annotation or restore the image",
  );
}

/** Carries out a task: the image's part of the shared memory is written whole, padding included. */
export async function runImageTask(task: ImageTask): Promise<void> {
  const pixels = await loadPixels(task.source, task.name, task.annotated);
  const image = applyOperations(pixels, task.operations);
  const { height, width } = task.padded;
  const length = height * width * 3;
  const destination = new Float32Array(task.memory, task.position * length * Float32Array.BYTES_PER_ELEMENT, length);
  normaliseInto(image, normalisationTable(task.normalisation), destination, task.padded);
}
