import type { DetectionModel, ImageDetections } from "@detrkit/detr";
import type { ImageSize, PaddedBatch } from "@detrkit/nn";
import { tidy } from "@tensorflow/tfjs-core";
import type { DetectorDescription } from "../training/detector-description.ts";

/** A model with what is needed to use it on images. */
export class Detector {
  readonly model: DetectionModel;
  readonly description: DetectorDescription;

  constructor({ model, description }: { readonly model: DetectionModel; readonly description: DetectorDescription }) {
    this.model = model;
    this.description = description;
  }

  /** Detections of each image of a batch, boxes in the pixels of `sourceSizes`. The batch stays the caller's. */
  async detect(images: PaddedBatch, sourceSizes: readonly ImageSize[]): Promise<ImageDetections[]> {
    const { logits, boxes } = tidy(() => {
      const { logits, boxes } = this.model.call(images, { auxiliary: false });
      return { logits, boxes };
    });
    try {
      return await this.model.postProcess({ logits, boxes }, sourceSizes);
    } finally {
      logits.dispose();
      boxes.dispose();
    }
  }
}
