import type { Contour } from "./mask-contours.ts";

/**
 * Outlines as one polygon, for formats that have one for each object: every further line, also that of a hole, hangs on
 * a bridge without width, which goes there and back. By the even-odd rule it holds the same pixels.
 *
 * @param contours - of `maskContours`, at least one
 * @returns flat list `x, y, x, y, …`
 */
export function joinContours([first = [], ...others]: readonly Contour[]): number[] {
  let joined = [...first];
  for (const contour of others) {
    const from = nearestCorner(joined, contour[0] ?? 0, contour[1] ?? 0);
    const bridge = joined.slice(from, from + 2);
    joined = [...joined.slice(0, from), ...bridge, ...contour, ...contour.slice(0, 2), ...joined.slice(from)];
  }
  return joined;
}

/** Where the corner that is nearest to a point begins: a short bridge is the least harm where lines have a width. */
function nearestCorner(polygon: readonly number[], x: number, y: number): number {
  let [nearest, least] = [0, Infinity];
  for (let index = 0; index < polygon.length; index += 2) {
    const distance = ((polygon[index] as number) - x) ** 2 + ((polygon[index + 1] as number) - y) ** 2;
    if (distance < least) [nearest, least] = [index, distance];
  }
  return nearest;
}
