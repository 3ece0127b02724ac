import { type BoxArray, countBoxes } from "./box-array.ts";

/** Centre, width and height to left, top, right, bottom. `[N, 4]` to `[N, 4]`, a new array. */
export function cxcywhToXyxy<Boxes extends BoxArray>(boxes: Boxes): Boxes {
  countBoxes(boxes, "cxcywhToXyxy");
  const corners = boxes.slice() as Boxes;
  for (let at = 0; at < corners.length; at += 4) {
    const x = boxes[at] as number;
    const y = boxes[at + 1] as number;
    const halfWidth = (boxes[at + 2] as number) / 2;
    const halfHeight = (boxes[at + 3] as number) / 2;
    corners[at] = x - halfWidth;
    corners[at + 1] = y - halfHeight;
    corners[at + 2] = x + halfWidth;
    corners[at + 3] = y + halfHeight;
  }
  return corners;
}

/** Left, top, right, bottom to centre, width and height. `[N, 4]` to `[N, 4]`, a new array. */
export function xyxyToCxcywh<Boxes extends BoxArray>(boxes: Boxes): Boxes {
  countBoxes(boxes, "xyxyToCxcywh");
  const centred = boxes.slice() as Boxes;
  for (let at = 0; at < centred.length; at += 4) {
    const left = boxes[at] as number;
    const top = boxes[at + 1] as number;
    const right = boxes[at + 2] as number;
    const bottom = boxes[at + 3] as number;
    centred[at] = (left + right) / 2;
    centred[at + 1] = (top + bottom) / 2;
    centred[at + 2] = right - left;
    centred[at + 3] = bottom - top;
  }
  return centred;
}
