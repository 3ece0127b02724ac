import type { ImageSize } from "@detrkit/common";
import { dispose } from "@tensorflow/tfjs-core";
import type { ImageMaskLogits, PredictedMasks } from "./predicted-masks.ts";
import type { MaskGrid } from "./sampled-logits.ts";

/** What masks are read from: `PredictedMasks` of a mask head, or those of your own. */
export type ReadableMasks = Pick<PredictedMasks, "ofImage">;

/** Reads the mask logits of queries of one image from the device. */
export async function readGrid(
  masks: { ofImage(image: number, queries: ArrayLike<number>): ImageMaskLogits },
  {
    image,
    queries,
    size,
    sourceSize,
  }: {
    readonly image: number;
    readonly queries: ArrayLike<number>;
    readonly size: ImageSize;
    readonly sourceSize: ImageSize;
  },
): Promise<MaskGrid> {
  const { logits, cellsPerPixel } = masks.ofImage(image, queries);
  const [, height, width] = logits.shape;
  const values = await logits.data<"float32">().finally(() => dispose(logits));
  return { logits: values, cells: { height, width }, cellsPerPixel, size, sourceSize };
}
