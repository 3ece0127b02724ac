import type { RgbImage } from "@detrkit/image";
import { type Canvas, createCanvas, type SKRSContext2D } from "@napi-rs/canvas";
import { type DrawnBox, drawBoxes, labelFamily, registerLabelFont } from "./draw-boxes.ts";

/** Images whose longer side is below this are enlarged until labels on them can be read. */
const readableSide = 560;

/** By how much a small image is enlarged. */
export function scaleFor(image: Pick<RgbImage, "width" | "height">): number {
  return Math.max(1, Math.ceil(readableSide / Math.max(image.width, image.height)));
}

function fontSizeFor(image: RgbImage, scale: number): number {
  return Math.round(Math.min(28, Math.max(12, (Math.max(image.width, image.height) * scale) / 48)));
}

/** With more boxes than this, labels would hide what they name, unless they are smaller. */
const crowd = 12;

/** Truth and predictions share the width of a page: what is written on them is larger, whatever the image's size. */
function besideFontSize(image: RgbImage, scale: number, boxes: number): number {
  return Math.round((Math.min(image.width, 2 * image.height) * scale) / (boxes > crowd ? 40 : 30));
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
  const scale = longerSide === undefined ? 1 : longerSide / Math.max(image.width, image.height);
  const canvas = scaledCanvas(image, scale);
  const area = { x: 0, y: 0, width: canvas.width, height: canvas.height };
  drawBoxes(canvas.getContext("2d"), detections, { dashed: false, area, scale, fontSize: fontSizeFor(image, scale) });
  return await encodePicture(canvas, type);
}

function scaledCanvas(image: RgbImage, scale: number): Canvas {
  const source = imageCanvas(image);
  if (scale === 1) return source;
  const side = (length: number): number => Math.max(1, Math.round(length * scale));
  const canvas = createCanvas(side(image.width), side(image.height));
  canvas.getContext("2d").drawImage(source, 0, 0, canvas.width, canvas.height);
  return canvas;
}

function caption(context: SKRSContext2D, text: string, x: number, height: number, fontSize: number): void {
  context.font = `${fontSize}px "${labelFamily}"`;
  context.textBaseline = "middle";
  context.fillStyle = "#e9ecef";
  context.fillText(text, x, height / 2);
}

/** The same image twice, as PNG bytes: on the left the truth, dashed; on the right what was predicted. */
export async function drawBesideTruth(
  image: RgbImage,
  truth: readonly DrawnBox[],
  detections: readonly DrawnBox[],
): Promise<Uint8Array> {
  registerLabelFont();
  const scale = scaleFor(image);
  const fontSize = besideFontSize(image, scale, Math.max(truth.length, detections.length));
  const [width, height] = [image.width * scale, image.height * scale];
  const header = fontSize * 2;
  const gap = Math.round(fontSize / 2);
  const canvas = createCanvas(width * 2 + gap, height + header);
  const context = canvas.getContext("2d");
  context.fillStyle = "#212529";
  context.fillRect(0, 0, canvas.width, canvas.height);
  const source = imageCanvas(image);
  const panels = [
    { text: `truth: ${truth.length}`, boxes: truth, dashed: true, x: 0 },
    { text: `predicted: ${detections.length}`, boxes: detections, dashed: false, x: width + gap },
  ];
  for (const { text, boxes, dashed, x } of panels) {
    caption(context, text, x + gap, header, fontSize);
    context.drawImage(source, x, header, width, height);
    drawBoxes(context, boxes, { dashed, area: { x, y: header, width, height }, scale, fontSize });
  }
  return await canvas.encode("png");
}
