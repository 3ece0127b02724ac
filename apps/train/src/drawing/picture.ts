import type { ImageSize } from "@detrkit/common";
import type { RgbImage } from "@detrkit/image";
import { type Canvas, createCanvas } from "@napi-rs/canvas";
import { darkCanvas, imageCanvas, scaleFor, writeCaption } from "./canvas.ts";
import { type DrawnBox, drawBoxes } from "./draw-boxes.ts";

/** Of what is written onto a picture of an image that is enlarged by `scale`, in pixels. */
export function fontSizeFor(image: RgbImage, scale: number): number {
  return Math.round(Math.min(28, Math.max(12, (Math.max(image.width, image.height) * scale) / 48)));
}

/** With more boxes than this, labels would hide what they name, unless they are smaller. */
const crowd = 12;

/** Truth and predictions share the width of a page: what is written on them is larger, whatever the image's size. */
function besideFontSize(image: RgbImage, scale: number, boxes: number): number {
  return Math.round((Math.min(image.width, 2 * image.height) * scale) / (boxes > crowd ? 40 : 30));
}

/** JPEG takes a tenth of the time and space; PNG keeps every pixel. */
export type PictureType = "jpeg" | "png";

/** How {@link drawPredictions} draws. */
export interface PredictionPicture {
  /** Default JPEG. */
  readonly type?: PictureType;
  /** Pixels of the picture's longer side. Default: that of the image. */
  readonly longerSide?: number | undefined;
}

/** Of 100; lines and labels keep clean edges, and it is encoded in a few milliseconds. */
const jpegQuality = 90;

/** What stands behind the dot of a picture's name. */
export function pictureExtension(type: PictureType): string {
  return type === "png" ? "png" : "jpg";
}

/** Pixels of the picture for one of the image. */
export function scaleOf(image: RgbImage, longerSide: number | undefined): number {
  return longerSide === undefined ? 1 : longerSide / Math.max(image.width, image.height);
}

/** A canvas as the bytes of a file. */
export async function encodePicture(canvas: Canvas, type: PictureType): Promise<Uint8Array> {
  return type === "png" ? await canvas.encode("png") : await canvas.encode("jpeg", jpegQuality);
}

/** An image with its detections, as the bytes of a JPEG or PNG file. */
export async function drawPredictions(
  image: RgbImage,
  detections: readonly DrawnBox[],
  { type = "jpeg", longerSide }: PredictionPicture = {},
): Promise<Uint8Array> {
  const scale = scaleOf(image, longerSide);
  const canvas = scaledCanvas(image, scale);
  const area = { x: 0, y: 0, width: canvas.width, height: canvas.height };
  drawBoxes(canvas.getContext("2d"), detections, { dashed: false, area, scale, fontSize: fontSizeFor(image, scale) });
  return await encodePicture(canvas, type);
}

/** The size of an image that is drawn `scale` times as large: a strip of few pixels keeps one. */
export function scaledSize({ width, height }: ImageSize, scale: number): ImageSize {
  const side = (length: number): number => Math.max(1, Math.round(length * scale));
  return { width: side(width), height: side(height) };
}

function scaledCanvas(image: RgbImage, scale: number): Canvas {
  const source = imageCanvas(image);
  if (scale === 1) return source;
  const { width, height } = scaledSize(image, scale);
  const canvas = createCanvas(width, height);
  canvas.getContext("2d").drawImage(source, 0, 0, canvas.width, canvas.height);
  return canvas;
}

/** The same image twice, as PNG bytes: on the left the truth, dashed; on the right what was predicted. */
export async function drawBesideTruth(
  image: RgbImage,
  truth: readonly DrawnBox[],
  detections: readonly DrawnBox[],
): Promise<Uint8Array> {
  const scale = scaleFor(image);
  const fontSize = besideFontSize(image, scale, Math.max(truth.length, detections.length));
  const [width, height] = [image.width * scale, image.height * scale];
  const header = fontSize * 2;
  const gap = Math.round(fontSize / 2);
  const canvas = darkCanvas(width * 2 + gap, height + header);
  const context = canvas.getContext("2d");
  const source = imageCanvas(image);
  const panels = [
    { text: `truth: ${truth.length}`, boxes: truth, dashed: true, x: 0 },
    { text: `predicted: ${detections.length}`, boxes: detections, dashed: false, x: width + gap },
  ];
  for (const { text, boxes, dashed, x } of panels) {
    writeCaption(context, text, { x: x + gap, y: header / 2, fontSize });
    context.drawImage(source, x, header, width, height);
    drawBoxes(context, boxes, { dashed, area: { x, y: header, width, height }, scale, fontSize });
  }
  return await canvas.encode("png");
}
