import { DataError } from "@detrkit/common";
import { mergeMasks } from "./merge-masks.ts";
import { subPixels, visitCrossings } from "./polygon-outline.ts";
import type { RunLengthMask } from "./run-length-mask.ts";

/**
 * Rasterises one polygon exactly as COCO does.
 * @param polygon - flat list `x, y, x, y, …` in pixels, at least three points; may reach outside the image
 */
export function polygonToMask(
  polygon: readonly number[],
  height: number,
  width: number,
  where = "polygon",
): RunLengthMask {
  if (polygon.length < 6 || polygon.length % 2 !== 0) {
    throw new DataError(
      `${where}: a polygon expects at least 3 points as x, y, x, y, …; got ${polygon.length} numbers`,
    );
  }
  const fine = polygon.map((coordinate) => Math.trunc(subPixels * coordinate + 0.5));
  const positions: number[] = [];
  const visit = (column: number, y: number): void => {
    const row = (y + 0.5) / subPixels - 0.5;
    positions.push(column * height + Math.ceil(Math.min(Math.max(row, 0), height)));
  };
  let fromX = fine.at(-2) as number;
  let fromY = fine.at(-1) as number;
  for (let index = 0; index < fine.length; index += 2) {
    const toX = fine[index] as number;
    const toY = fine[index + 1] as number;
    visitCrossings(fromX, fromY, toX, toY, width, visit);
    fromX = toX;
    fromY = toY;
  }
  positions.push(height * width);
  return { height, width, counts: runsBetween(Uint32Array.from(positions).sort()) };
}

/**
 * Run lengths between ascending positions; two equal positions cancel, because the outline enters and leaves at one
 * place.
 */
function runsBetween(positions: Uint32Array): Uint32Array {
  const counts = new Uint32Array(positions.length);
  counts[0] = positions[0] as number;
  let runs = 1;
  for (let index = 1; index < positions.length; index++) {
    const length = (positions[index] as number) - (positions[index - 1] as number);
    if (length > 0) {
      counts[runs++] = length;
    } else if (++index < positions.length) {
      counts[runs - 1] = (counts[runs - 1] as number) + (positions[index] as number) - (positions[index - 1] as number);
    }
  }
  return counts.slice(0, runs);
}

/** The union of polygons as one mask. */
export function polygonsToMask(
  polygons: readonly (readonly number[])[],
  height: number,
  width: number,
  where = "polygons",
): RunLengthMask {
  return mergeMasks(polygons.map((polygon, index) => polygonToMask(polygon, height, width, `${where}[${index}]`)));
}
