import { createRequire } from "node:module";
import { GlobalFonts, type SKRSContext2D } from "@napi-rs/canvas";
import { classColour } from "@detrkit/boxes/class-colours";
import type { Detection } from "@detrkit/common";
import { drawMasks, maskOf } from "./draw-masks.ts";
import { placeLabels, type Rectangle } from "./place-labels.ts";

/** The family that labels are set in. It comes from npm, since a server may have no fonts at all. */
export const labelFamily = "detrkit DejaVu Sans";

/** Makes the label font known to the canvas; later calls do nothing. */
export function registerLabelFont(): void {
  if (GlobalFonts.has(labelFamily)) return;
  const file = createRequire(import.meta.url).resolve("dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf");
  GlobalFonts.registerFromPath(file, labelFamily);
}

/**
 * The lowest score that is worth a look, unless told: a sigmoid detector gives every image dozens of detections below
 * it.
 */
export const drawnFrom = 0.4;

/** A box to draw, in source pixels, with its mask where there is one. */
export interface DrawnBox {
  readonly label: string;
  readonly labelId: number;
  /** Shown behind the label in predictions; the truth has none. */
  readonly score?: number;
  readonly box: { readonly xmin: number; readonly ymin: number; readonly xmax: number; readonly ymax: number };
  readonly mask?: NonNullable<Detection["mask"]>;
}

/** How boxes are drawn into one part of a canvas. */
export interface BoxStyle {
  readonly dashed: boolean;
  /** Where the image lies on the canvas. */
  readonly area: Rectangle;
  /** Canvas pixels for one image pixel. */
  readonly scale: number;
  readonly fontSize: number;
}

/** How strongly masks are filled: their colour is seen, and so is what they cover. */
const maskOpacity = 0.48;

/** Of more boxes than this, only those with the highest scores are labelled. */
const mostLabels = 30;

/**
 * Draws masks, boxes and then their labels, so that nothing runs through a label. Higher scores lie on top. A box
 * around a mask is thin: the mask says more.
 */
export function drawBoxes(context: SKRSContext2D, drawn: readonly DrawnBox[], style: BoxStyle): void {
  registerLabelFont();
  const { area, scale, fontSize } = style;
  const ordered = drawn.toSorted((one, other) => (one.score ?? 1) - (other.score ?? 1));
  const rectangles = ordered.map(({ box }) => ({
    x: area.x + box.xmin * scale,
    y: area.y + box.ymin * scale,
    width: (box.xmax - box.xmin) * scale,
    height: (box.ymax - box.ymin) * scale,
  }));
  context.save();
  context.beginPath();
  context.rect(area.x, area.y, area.width, area.height);
  context.clip();
  const lineWidth = Math.max(2, fontSize / 6);
  const masks = ordered.flatMap(({ mask, label, labelId }) =>
    mask === undefined ? [] : [{ mask: maskOf(mask, `mask of ${label}`), colour: classColour(labelId) }],
  );
  drawMasks(context, masks, { area, scale, lineWidth: lineWidth * 0.7, opacity: maskOpacity });
  ordered.forEach(({ labelId, mask }, index) =>
    strokeBox(context, rectangles[index] as Rectangle, {
      colour: classColour(labelId),
      lineWidth: mask === undefined ? lineWidth : lineWidth / 2,
      dashed: style.dashed,
    }),
  );
  context.restore();

  context.save();
  context.font = `${fontSize}px "${labelFamily}"`;
  context.textBaseline = "middle";
  const texts = ordered.map(({ label, score }) => (score === undefined ? label : `${label} ${score.toFixed(2)}`));
  const height = Math.ceil(fontSize * 1.35);
  const sizes = texts.map((text) => ({ width: Math.ceil(context.measureText(text).width) + fontSize * 0.6, height }));
  // On a crowded image the labels of the weaker ones would hide what they name.
  const unlabelled = Math.max(0, ordered.length - mostLabels);
  // Places are given out from the highest score down, but painted from the lowest up.
  const places = placeLabels(
    rectangles.slice(unlabelled).toReversed(),
    sizes.slice(unlabelled).toReversed(),
    area,
  ).toReversed();
  places.forEach((place, index) => {
    const { labelId } = ordered[unlabelled + index] as DrawnBox;
    context.globalAlpha = 0.88;
    context.fillStyle = classColour(labelId);
    context.fillRect(place.x, place.y, place.width, place.height);
    context.globalAlpha = 1;
    context.fillStyle = "#ffffff";
    context.fillText(
      texts[unlabelled + index] ?? "",
      place.x + fontSize * 0.3,
      place.y + place.height / 2 + fontSize * 0.04,
    );
  });
  context.restore();
}

function strokeBox(
  context: SKRSContext2D,
  rectangle: Rectangle,
  { colour, lineWidth, dashed }: { readonly colour: string; readonly lineWidth: number; readonly dashed: boolean },
): void {
  context.setLineDash([]);
  // A thin dark rim keeps the line visible on a background of its own colour.
  context.lineWidth = lineWidth + Math.min(2, lineWidth);
  context.strokeStyle = "rgba(0, 0, 0, 0.35)";
  context.strokeRect(rectangle.x, rectangle.y, rectangle.width, rectangle.height);
  context.lineWidth = lineWidth;
  context.strokeStyle = dashed ? "#ffffff" : colour;
  context.strokeRect(rectangle.x, rectangle.y, rectangle.width, rectangle.height);
  if (!dashed) return;
  context.setLineDash([lineWidth * 5, lineWidth * 3]);
  context.strokeStyle = colour;
  context.strokeRect(rectangle.x, rectangle.y, rectangle.width, rectangle.height);
  context.setLineDash([]);
}
