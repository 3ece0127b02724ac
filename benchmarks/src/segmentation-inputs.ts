import { existsSync } from "node:fs";
import { join } from "node:path";
import { Random } from "@detrkit/common";
import { writeFileAtomic } from "@detrkit/common/files";
import { type DetrSettings, presets } from "@detrkit/detr";
import { detrEvaluation } from "@detrkit/image";
import { type ServedDetector, servedDetector } from "./served-detector.ts";

/** The weights and images that both sides of a comparison with masks read. */
export interface SegmentationInputs extends ServedDetector {
  /** Float32 `[batch, height, width, 3]`, without a header. */
  readonly images: string;
}

/** A batch's size, without padding. */
export interface ImageShape {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
}

/**
 * DETR-R50 for COCO's panoptic segments, as published: labels up to 249, and a mask head of the transformer's width.
 */
export const panopticDetr: DetrSettings = {
  ...presets["detr-r50"],
  numClasses: 250,
  masks: { contextDim: presets["detr-r50"].transformer.dim },
};

/** Writes random weights of a detector, and images of noise, unless they are there. */
export async function segmentationInputs(
  cache: string,
  name: string,
  detector: DetrSettings,
  { batch, height, width }: ImageShape,
): Promise<SegmentationInputs> {
  const folder = join(cache, "benchmarks");
  const served = await servedDetector(join(folder, `served-${name}-v1`), detector, detrEvaluation);
  const images = join(folder, `noise-${batch}x${height}x${width}-v1.f32`);
  if (!existsSync(images)) {
    const random = new Random(1);
    const pixels = Float32Array.from({ length: batch * height * width * 3 }, () => 4 * random.uniform() - 2);
    await writeFileAtomic(images, new Uint8Array(pixels.buffer));
  }
  return { ...served, images };
}
