import type { Detection } from "@detrkit/common";
import { type Contour, maskArea, maskContours, type RunLengthMask, segmentationToMask } from "@detrkit/masks";
import { Path2D, type SKRSContext2D } from "@napi-rs/canvas";
import type { Rectangle } from "./place-labels.ts";

/** A mask to draw, and how. */
export interface DrawnMask {
  readonly mask: RunLengthMask;
  readonly colour: string;
}

/** Where and how masks are drawn. */
export interface MaskStyle {
  /** Where the image lies on the canvas. */
  readonly area: Rectangle;
  /** Canvas pixels for one image pixel. */
  readonly scale: number;
  /** Of the outlines, in canvas pixels. */
  readonly lineWidth: number;
  /** Of the filling, from 0 to 1. */
  readonly opacity: number;
}

/** The mask of a detection as run lengths; undefined where it has none, or one without pixels. */
export function maskOf({ mask, label }: Pick<Detection, "mask" | "label">): RunLengthMask | undefined {
  if (mask === undefined) return undefined;
  const runs = segmentationToMask(mask, mask.size[0], mask.size[1], `mask of ${label}`);
  return maskArea(runs) === 0 ? undefined : runs;
}

/**
 * Fills and outlines masks of one image. Large ones lie below, so that small ones are seen; a dark rim keeps neighbours
 * of one colour apart.
 */
export function drawMasks(context: SKRSContext2D, drawn: readonly DrawnMask[], style: MaskStyle): void {
  const { area, scale, lineWidth, opacity } = style;
  const paths = drawn
    .map(({ mask, colour }) => ({ path: pathOf(maskContours(mask)), colour, size: maskArea(mask) }))
    .toSorted((one, other) => other.size - one.size);
  context.save();
  context.beginPath();
  context.rect(area.x, area.y, area.width, area.height);
  context.clip();
  context.translate(area.x, area.y);
  context.scale(scale, scale);
  context.lineJoin = "round";
  for (const { path, colour } of paths) {
    context.globalAlpha = opacity;
    context.fillStyle = colour;
    context.fill(path, "evenodd");
    context.globalAlpha = 1;
    context.lineWidth = (lineWidth + 2) / scale;
    context.strokeStyle = "rgba(0, 0, 0, 0.45)";
    context.stroke(path);
    context.lineWidth = lineWidth / scale;
    context.strokeStyle = colour;
    context.stroke(path);
  }
  context.restore();
}

/** Outlines as a path in pixels of the image. */
function pathOf(contours: readonly Contour[]): Path2D {
  const path = new Path2D();
  for (const contour of contours) {
    path.moveTo(contour[0] ?? 0, contour[1] ?? 0);
    for (let at = 2; at < contour.length; at += 2) path.lineTo(contour[at] ?? 0, contour[at + 1] ?? 0);
    path.closePath();
  }
  return path;
}
