import type { RgbImage } from "@detrkit/image";
import { type Canvas, createCanvas, type SKRSContext2D } from "@napi-rs/canvas";
import { labelFamily, registerLabelFont } from "./draw-boxes.ts";

/** Images whose longer side is below this are enlarged until labels on them can be read. */
const readableSide = 560;

/** By how much a small image is enlarged. */
export function scaleFor(image: Pick<RgbImage, "width" | "height">): number {
  return Math.max(1, Math.ceil(readableSide / Math.max(image.width, image.height)));
}

/** An image as a canvas of its own size. */
export function imageCanvas(image: RgbImage): Canvas {
  const canvas = createCanvas(image.width, image.height);
  const context = canvas.getContext("2d");
  const data = context.createImageData(image.width, image.height);
  for (let from = 0, to = 0; to < data.data.length; from += 3, to += 4) {
    data.data[to] = image.data[from] ?? 0;
    data.data[to + 1] = image.data[from + 1] ?? 0;
    data.data[to + 2] = image.data[from + 2] ?? 0;
    data.data[to + 3] = 255;
  }
  context.putImageData(data, 0, 0);
  return canvas;
}

/** A canvas of the dark colour that stands around images. */
export function darkCanvas(width: number, height: number): Canvas {
  const canvas = createCanvas(width, height);
  const context = canvas.getContext("2d");
  context.fillStyle = "#212529";
  context.fillRect(0, 0, width, height);
  return canvas;
}

/** Where light text stands on a dark canvas. */
export interface CaptionPlace {
  readonly x: number;
  /** The text's middle. */
  readonly y: number;
  readonly fontSize: number;
}

/** Writes light text onto a dark canvas. */
export function writeCaption(context: SKRSContext2D, text: string, { x, y, fontSize }: CaptionPlace): void {
  registerLabelFont();
  context.font = `${fontSize}px "${labelFamily}"`;
  context.textBaseline = "middle";
  context.fillStyle = "#e9ecef";
  context.fillText(text, x, y);
}
