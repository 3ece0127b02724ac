import type { Backbone } from "@detrkit/backbone";
import type { ImageSize, Module, PaddedBatch } from "@detrkit/nn";
import type { DetrLayerOutput, DetrOutput } from "./detr-output.ts";
import type { DetrCallOptions } from "./detr-parts.ts";
import type { ImageDetections } from "./image-detections.ts";

/** What every detector can do, so that whoever trains or runs one need not know which it is. */
export interface DetectionModel extends Module {
  readonly backbone: Backbone;
  /** Classes that objects can have. */
  readonly numClasses: number;
  /** Predictions for each image. */
  readonly numQueries: number;
  /** @param batch - images `[B, H, W, 3]`, normalised, with their sizes */
  call(batch: PaddedBatch, options?: DetrCallOptions): DetrOutput;
  /**
   * What an output says about each image, as the model's authors read it.
   * @param sourceSizes - size of each image in the pixels that the boxes shall have
   */
  postProcess(output: DetrLayerOutput, sourceSizes: readonly ImageSize[]): Promise<ImageDetections[]>;
}
