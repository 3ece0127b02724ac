import { type CocoSegmentation, maskArea, maskBoundingBox } from "@detrkit/masks";
import type { FindingKind } from "../data-policy.ts";
import type { ImageRecord } from "../dataset.ts";
import { hasArea } from "./mask-defect.ts";
import { maskOfSegmentation } from "./object-masks.ts";
import { selfCrossing } from "./polygon-crossing.ts";

/** Takes a finding about the mask that is being looked at. */
export type NoteOfMask = (kind: FindingKind, detail: string) => void;

/** Left, top, right, bottom in pixels. */
export type Extent = readonly [left: number, top: number, right: number, bottom: number];

/** As much as a mask may differ from its box: programs round, and some count from 1. */
const tolerance = 1;
/** As much as a polygon may reach outside: annotation programs that count from 1. */
const margin = 0.5;

/** No image has longer sides: what a damaged file says is not drawn on. */
const longestSide = 100_000;

const shown = (extent: readonly number[]): string =>
  `[${extent.map((edge) => Math.round(edge * 100) / 100).join(", ")}]`;

/**
 * Notes where a mask's extent is not that of its box.
 *
 * @param mayBeLarger - whether the box may reach further than the mask: to parts that are hidden, or left open
 */
export function noteBox(extent: Extent, box: Extent, mayBeLarger: boolean, note: NoteOfMask): void {
  const beyond = extent.map((edge, side) => (side < 2 ? (box[side] as number) - edge : edge - (box[side] as number)));
  const differs = beyond.some((by) => by > tolerance || (!mayBeLarger && by < -tolerance));
  if (differs) note("mask-box-mismatch", `its mask reaches over ${shown(extent)}, its box over ${shown(box)}`);
}

function extentOf(polygon: readonly number[]): Extent {
  const extent: [number, number, number, number] = [Infinity, Infinity, -Infinity, -Infinity];
  polygon.forEach((coordinate, at) => {
    extent[at % 2] = Math.min(extent[at % 2] as number, coordinate);
    extent[2 + (at % 2)] = Math.max(extent[2 + (at % 2)] as number, coordinate);
  });
  return extent;
}

/** The extent of the polygons within the image; pixels would lose what is thinner than one. */
function notePolygons(
  polygons: readonly (readonly number[])[],
  { width, height }: ImageRecord,
  note: NoteOfMask,
): Extent {
  for (const [place, polygon] of polygons.entries()) {
    const name = polygons.length === 1 ? "its polygon" : `polygon ${place + 1} of ${polygons.length}`;
    if (!hasArea(polygon)) {
      note("short-polygon", `${name} has ${polygon.length / 2} points, expected three or more`);
      continue;
    }
    const [left, top, right, bottom] = extentOf(polygon);
    if (left < -margin || top < -margin || right > width + margin || bottom > height + margin)
      note(
        "polygon-outside",
        `${name} reaches over ${shown([left, top, right, bottom])}, the image is ${width}x${height}`,
      );
    const crossing = selfCrossing(polygon);
    if (crossing !== undefined)
      note("self-crossing-polygon", `${name} crosses itself at ${shown([crossing.x, crossing.y])}`);
  }
  const [left, top, right, bottom] = extentOf(polygons.filter(hasArea).flat());
  return [Math.max(left, 0), Math.max(top, 0), Math.min(right, width), Math.min(bottom, height)];
}

/** Looks at one sound segmentation: its polygons, whether it covers anything, and whether its box is that of it. */
export function checkOutline(segmentation: CocoSegmentation, record: ImageRecord, box: Extent, note: NoteOfMask): void {
  const isPolygons = Array.isArray(segmentation);
  const outline = isPolygons ? notePolygons(segmentation as readonly (readonly number[])[], record, note) : undefined;
  if (record.width > longestSide || record.height > longestSide) return;
  const mask = maskOfSegmentation(segmentation, record);
  if (maskArea(mask) === 0) {
    note("empty-mask", "its mask covers no pixel");
    return;
  }
  const [left, top, across, down] = maskBoundingBox(mask);
  const { width, height } = record;
  const within = [Math.max(box[0], 0), Math.max(box[1], 0), Math.min(box[2], width), Math.min(box[3], height)] as const;
  noteBox(outline ?? [left, top, left + across, top + down], within, false, note);
}
