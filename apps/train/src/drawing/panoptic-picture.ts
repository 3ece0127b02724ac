import type { RgbImage } from "@detrkit/image";
import { maskOfSegment } from "@detrkit/masks";
import type { Canvas, SKRSContext2D } from "@napi-rs/canvas";
import { classColour } from "@detrkit/boxes/class-colours";
import { darkCanvas, imageCanvas, writeCaption } from "./canvas.ts";
import { drawMasks } from "./draw-masks.ts";
import { instanceColour } from "./instance-colours.ts";
import { encodePicture, fontSizeFor, type PredictionPicture, scaledSize, scaleOf } from "./picture.ts";

/** Every pixel of an image given to a segment, or to none. */
export interface DrawnSegments {
  /** `[height·width]` of the image, row by row. */
  readonly segmentIds: Int32Array;
  readonly segments: readonly {
    readonly id: number;
    /** Name of its class. */
    readonly label: string;
    readonly labelId: number;
    /** Things are counted, stuff is not. */
    readonly isThing: boolean;
  }[];
}

/** How strongly segments cover the image. */
const segmentOpacity = 0.7;

/** An entry of the legend. */
interface LegendEntry {
  readonly text: string;
  readonly colour: string;
}

/**
 * An image with its segments, as the bytes of a file: stuff in the colour of its class, things in variations of it. The
 * legend below names the classes, things with their number.
 */
export async function drawPanoptic(
  image: RgbImage,
  { segmentIds, segments }: DrawnSegments,
  { type = "jpeg", longerSide }: PredictionPicture = {},
): Promise<Uint8Array> {
  const scale = scaleOf(image, longerSide);
  const { width, height } = scaledSize(image, scale);
  const fontSize = fontSizeFor(image, scale);
  const counts = new Map<number, number>();
  const drawn = segments.map(({ id, labelId, isThing }) => {
    const instance = counts.get(labelId) ?? 0;
    counts.set(labelId, instance + 1);
    const mask = maskOfSegment(segmentIds, id, image);
    return { mask, colour: isThing ? instanceColour(labelId, instance) : classColour(labelId) };
  });
  const entries = legendOf(segments, counts);
  const rows = legendRows(entries, width, fontSize);
  const canvas = darkCanvas(width, height + rows.length * rowHeight(fontSize));
  const context = canvas.getContext("2d");
  context.drawImage(imageCanvas(image), 0, 0, width, height);
  const area = { x: 0, y: 0, width, height };
  drawMasks(context, drawn, { area, scale, lineWidth: Math.max(1, fontSize / 10), opacity: segmentOpacity });
  drawLegend(context, rows, height, fontSize);
  return await encodePicture(canvas, type);
}

/** A line for each class: things first, each by name. */
function legendOf(segments: DrawnSegments["segments"], counts: ReadonlyMap<number, number>): LegendEntry[] {
  const classes = [...new Map(segments.map((segment) => [segment.labelId, segment])).values()];
  return classes
    .toSorted((one, other) => Number(other.isThing) - Number(one.isThing) || (one.label < other.label ? -1 : 1))
    .map(({ label, labelId, isThing }) => {
      const count = counts.get(labelId) ?? 1;
      return { text: isThing && count > 1 ? `${label} ×${count}` : label, colour: classColour(labelId) };
    });
}

const rowHeight = (fontSize: number): number => Math.round(fontSize * 1.9);
const swatch = (fontSize: number): number => Math.round(fontSize * 0.9);

/** Entries with the places where they begin, in rows that are no wider than the picture. */
function legendRows(
  entries: readonly LegendEntry[],
  width: number,
  fontSize: number,
): readonly (readonly (LegendEntry & { readonly x: number })[])[] {
  const measured: Canvas = darkCanvas(1, 1);
  const context = measured.getContext("2d");
  writeCaption(context, "", { x: 0, y: 0, fontSize });
  const rows: (LegendEntry & { readonly x: number })[][] = [];
  let x = Infinity;
  for (const entry of entries) {
    const needed = swatch(fontSize) + fontSize * 0.5 + context.measureText(entry.text).width;
    if (x + needed > width) {
      rows.push([]);
      x = fontSize * 0.6;
    }
    rows.at(-1)?.push({ ...entry, x });
    x += needed + fontSize * 1.2;
  }
  return rows;
}

function drawLegend(context: SKRSContext2D, rows: ReturnType<typeof legendRows>, top: number, fontSize: number): void {
  const side = swatch(fontSize);
  rows.forEach((row, index) => {
    const y = top + (index + 0.5) * rowHeight(fontSize);
    for (const { text, colour, x } of row) {
      context.fillStyle = colour;
      context.fillRect(x, y - side / 2, side, side);
      writeCaption(context, text, { x: x + side + fontSize * 0.5, y, fontSize });
    }
  });
}
