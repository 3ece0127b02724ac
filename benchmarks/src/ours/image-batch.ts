import type { DetectionTarget, TargetMasks } from "@detrkit/boxes";
import { Random } from "@detrkit/common";
import type { PaddedBatch } from "@detrkit/nn";
import { type Tensor3D, tensor4d, zeros } from "@tensorflow/tfjs-core";

/** The size of a batch and what is in it, as both sides are told. */
export interface BatchSettings {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  /** For each image; boxes are cxcywh, normalised. */
  readonly targets: readonly { readonly labels: readonly number[]; readonly boxes: readonly (readonly number[])[] }[];
  /** Whether each object has a mask, the ellipse in its box. */
  readonly masks?: boolean;
}

/** Unpadded images of noise: what is in them doesn't change how long a model takes. */
export function imageBatch(settings: BatchSettings): PaddedBatch {
  const random = new Random(1);
  const { batch, height, width } = settings;
  const pixels = Float32Array.from({ length: batch * height * width * 3 }, () => 4 * random.uniform() - 2);
  return unpaddedBatch(pixels, settings);
}

/** @param pixels - `[batch, height, width, 3]` */
export function unpaddedBatch(
  pixels: Float32Array,
  { batch, height, width }: Pick<BatchSettings, "batch" | "height" | "width">,
): PaddedBatch {
  return {
    images: tensor4d(pixels, [batch, height, width, 3]),
    paddingMask: zeros([batch, height, width], "bool") as Tensor3D,
    sizes: Array.from({ length: batch }, () => ({ height, width })),
  };
}

export function detectionTargets({ targets, masks = false, ...size }: BatchSettings): DetectionTarget[] {
  return targets.map(({ labels, boxes }) => ({
    labels: Int32Array.from(labels),
    boxes: Float32Array.from(boxes.flat()),
    ...(masks ? { masks: ellipses(boxes, size) } : {}),
  }));
}

/** The ellipses that fill the boxes, as `mask_head.py` draws them. */
function ellipses(
  boxes: readonly (readonly number[])[],
  { height, width }: Pick<BatchSettings, "height" | "width">,
): TargetMasks {
  const area = height * width;
  const data = new Uint8Array(boxes.length * area);
  for (const [object, [x = 0, y = 0, w = 0, h = 0]] of boxes.entries()) {
    for (let pixel = 0; pixel < area; pixel++) {
      const across = ((pixel % width) + 0.5) / width - x;
      const down = (Math.floor(pixel / width) + 0.5) / height - y;
      data[object * area + pixel] = (across / (w / 2)) ** 2 + (down / (h / 2)) ** 2 <= 1 ? 1 : 0;
    }
  }
  return { height, width, data };
}
