import { type BoxArray, countBoxes } from "./box-array.ts";

/**
 * Moves every corner that lies outside the image onto its border. `boxes [N, 4]` xyxy in the unit of `size`; a new
 * array.
 */
export function clip<Boxes extends BoxArray>(
  boxes: Boxes,
  size: { readonly width: number; readonly height: number },
): Boxes {
  countBoxes(boxes, "clip");
  const clipped = boxes.slice() as Boxes;
  for (let at = 0; at < clipped.length; at++) {
    const limit = at % 2 === 0 ? size.width : size.height;
    clipped[at] = Math.min(Math.max(boxes[at] as number, 0), limit);
  }
  return clipped;
}
