import type { RgbImage } from "@detrkit/image";
import type { AttendedImage, ImagePoint } from "@detrkit/inference";
import { type Canvas, createCanvas, type SKRSContext2D } from "@napi-rs/canvas";
import { lineColour } from "../report/line-chart.ts";
import { darkCanvas, imageCanvas, scaleFor, writeCaption } from "./canvas.ts";
import { drawBoxes, type DrawnBox } from "./draw-boxes.ts";
import { encodePicture, type PictureType } from "./picture.ts";
import type { Rectangle } from "./place-labels.ts";

/** What an attention is of: an object that was found, or a place of the image. */
export interface AttentionSubject {
  readonly detection?: DrawnBox;
  readonly point?: ImagePoint;
  /** Stands above the picture. */
  readonly caption: string;
}

/** Points that weigh less than this part of the heaviest are left out: they say nothing, and there are many. */
const leastShown = 0.01;

/** How dark the image becomes below what is drawn on it. */
const shade = "rgba(0, 0, 0, 0.45)";

/**
 * An image with what an attention looks at, as the bytes of a file: cells glow by their weight, sampled points grow by
 * it. Small images are enlarged.
 */
export async function drawAttention(
  image: RgbImage,
  attention: AttendedImage,
  { detection, point, caption }: AttentionSubject,
  type: PictureType = "jpeg",
): Promise<Uint8Array> {
  const scale = scaleFor(image);
  const [width, height] = [image.width * scale, image.height * scale];
  const fontSize = Math.round(Math.min(26, Math.max(13, Math.max(width, height) / 44)));
  const header = Math.round(fontSize * 1.9);
  const canvas = darkCanvas(width, height + header);
  const context = canvas.getContext("2d");
  const area = { x: 0, y: header, width, height };
  context.drawImage(imageCanvas(image), 0, header, width, height);
  context.fillStyle = shade;
  context.fillRect(0, header, width, height);
  context.save();
  context.beginPath();
  context.rect(0, header, width, height);
  context.clip();
  if (attention.kind === "dense") drawCells(context, attention, area);
  else drawPoints(context, attention.points, { area, scale });
  if (point !== undefined) drawCross(context, { x: point.x * scale, y: header + point.y * scale }, fontSize);
  context.restore();
  if (detection !== undefined) drawBoxes(context, [detection], { dashed: false, area, scale, fontSize });
  drawCaption(context, caption, attention, { header, fontSize, width });
  return await encodePicture(canvas, type);
}

/** Weights as light: the heaviest cell shines fully. */
function drawCells(
  context: SKRSContext2D,
  { width, height, weights }: AttendedImage & { kind: "dense" },
  area: Rectangle,
): void {
  const heaviest = Math.max(1e-12, ...weights);
  const glow: Canvas = createCanvas(width, height);
  const cells = glow.getContext("2d");
  const data = cells.createImageData(width, height);
  weights.forEach((weight, cell) => {
    const part = weight / heaviest;
    data.data.set([255, 70 + 170 * part, 60 * part, 235 * part], cell * 4);
  });
  cells.putImageData(data, 0, 0);
  context.imageSmoothingEnabled = true;
  context.drawImage(glow, area.x, area.y, area.width, area.height);
}

function drawPoints(
  context: SKRSContext2D,
  points: (AttendedImage & { kind: "sampled" })["points"],
  { area, scale }: { readonly area: Rectangle; readonly scale: number },
): void {
  const heaviest = Math.max(1e-12, ...points.map(({ weight }) => weight));
  const largest = Math.max(5, Math.max(area.width, area.height) / 55);
  // Small ones last, so that no large one hides them.
  for (const { x, y, weight, level } of points.toSorted((one, other) => other.weight - one.weight)) {
    if (weight < heaviest * leastShown) continue;
    context.beginPath();
    // The area of a dot is its weight.
    context.arc(
      area.x + x * scale,
      area.y + y * scale,
      Math.max(1.2, largest * Math.sqrt(weight / heaviest)),
      0,
      2 * Math.PI,
    );
    context.globalAlpha = 0.85;
    context.fillStyle = lineColour(level);
    context.fill();
    context.globalAlpha = 1;
    context.lineWidth = 1;
    context.strokeStyle = "#ffffff";
    context.stroke();
  }
}

function drawCross(context: SKRSContext2D, { x, y }: ImagePoint, arm: number): void {
  for (const [colour, lineWidth] of [
    ["#000000", 5],
    ["#ffffff", 2.5],
  ] as const) {
    context.strokeStyle = colour;
    context.lineWidth = lineWidth;
    context.beginPath();
    context.moveTo(x - arm, y);
    context.lineTo(x + arm, y);
    context.moveTo(x, y - arm);
    context.lineTo(x, y + arm);
    context.stroke();
  }
}

/** The caption, and at its right the colours of the levels. */
function drawCaption(
  context: SKRSContext2D,
  caption: string,
  attention: AttendedImage,
  { header, fontSize, width }: { readonly header: number; readonly fontSize: number; readonly width: number },
): void {
  const y = header / 2;
  writeCaption(context, caption, { x: fontSize / 2, y, fontSize });
  if (attention.kind === "dense") return;
  const levels = Math.max(...attention.points.map(({ level }) => level)) + 1;
  if (levels === 1) return;
  const right = width - fontSize / 2;
  const step = fontSize * 1.7;
  const first = right - levels * step;
  if (first < fontSize + context.measureText(caption).width) return;
  for (let level = 0; level < levels; level++) {
    context.fillStyle = lineColour(level);
    context.beginPath();
    context.arc(first + level * step + fontSize * 0.35, y, fontSize * 0.3, 0, 2 * Math.PI);
    context.fill();
    writeCaption(context, String(level + 1), { x: first + level * step + fontSize * 0.8, y, fontSize });
  }
}
