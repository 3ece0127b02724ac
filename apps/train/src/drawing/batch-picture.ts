import type { DetectionBatch } from "@detrkit/datasets";
import type { Category } from "@detrkit/detr";
import type { Normalisation, RgbImage } from "@detrkit/image";
import { encodeMask, maskToSegmentation } from "@detrkit/masks";
import { darkCanvas, imageCanvas, scaleFor } from "./canvas.ts";
import { drawBoxes, type DrawnBox } from "./draw-boxes.ts";

/** What is needed to show a batch: how its pixels were normalised, and what its labels mean. */
export interface BatchLegend {
  readonly normalisation: Normalisation;
  /** By label. */
  readonly categories: readonly Category[];
}

const columns = 2;
const mostImages = 4;

/**
 * The first images of a batch as the model gets them, with their boxes: resized, cut, mirrored, padded to the largest
 * (the dark part). PNG bytes.
 */
export async function drawBatch(batch: DetectionBatch, legend: BatchLegend): Promise<Uint8Array> {
  const [, height, width] = batch.images.images.shape;
  const pixels = await batch.images.images.data<"float32">();
  const sizes = batch.images.sizes.slice(0, mostImages);
  const scale = scaleFor({ width, height });
  const gap = 8;
  const cell = { width: width * scale, height: height * scale };
  const across = Math.min(columns, sizes.length);
  const rows = Math.ceil(sizes.length / columns);
  const canvas = darkCanvas(across * (cell.width + gap) - gap, rows * (cell.height + gap) - gap);
  const context = canvas.getContext("2d");
  sizes.forEach((size, index) => {
    const image = bytesOf(pixels, { padded: { width, height }, size, index, normalisation: legend.normalisation });
    const [x, y] = [(index % columns) * (cell.width + gap), Math.floor(index / columns) * (cell.height + gap)];
    const area = { x, y, width: size.width * scale, height: size.height * scale };
    context.drawImage(imageCanvas(image), x, y, area.width, area.height);
    const fontSize = Math.round(Math.max(14, cell.width / 26));
    drawBoxes(context, targetBoxes(batch, index, legend), { dashed: false, area, scale, fontSize });
  });
  return await canvas.encode("png");
}

/** An image of a batch as bytes again, without its padding. */
function bytesOf(
  pixels: Float32Array,
  place: {
    readonly padded: { readonly width: number; readonly height: number };
    readonly size: { readonly width: number; readonly height: number };
    readonly index: number;
    readonly normalisation: Normalisation;
  },
): RgbImage {
  const { padded, size, index, normalisation } = place;
  const data = new Uint8Array(size.width * size.height * 3);
  let at = 0;
  for (let y = 0; y < size.height; y++) {
    let from = (index * padded.height + y) * padded.width * 3;
    for (let entry = 0; entry < size.width * 3; entry++, at++, from++) {
      const channel = entry % 3;
      const { mean, std } = normalisation;
      const value = (pixels[from] as number) * (std[channel] as number) + (mean[channel] as number);
      data[at] = Math.min(255, Math.max(0, Math.round(value * 255)));
    }
  }
  return { ...size, data };
}

/** The objects of an image as it is trained on, in pixels of the image without padding. */
function targetBoxes({ targets, images }: DetectionBatch, index: number, { categories }: BatchLegend): DrawnBox[] {
  const target = targets[index];
  const size = images.sizes[index];
  if (target === undefined || size === undefined) return [];
  const { width, height } = size;
  const { masks } = target;
  return Array.from(target.labels, (label, object) => {
    const [x = 0, y = 0, w = 0, h = 0] = target.boxes.subarray(object * 4, object * 4 + 4);
    const { id: labelId, name } = categories[label] as Category;
    const pixels = masks?.data.subarray(object * width * height, (object + 1) * width * height);
    return {
      ...(pixels && { mask: maskToSegmentation(encodeMask(pixels, height, width)) }),
      label: name,
      labelId,
      box: {
        xmin: (x - w / 2) * width,
        ymin: (y - h / 2) * height,
        xmax: (x + w / 2) * width,
        ymax: (y + h / 2) * height,
      },
    };
  });
}
