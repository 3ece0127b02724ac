import { ShapeError } from "@detrkit/common";
import type { Tensor } from "@tensorflow/tfjs-core";

/** Checks that the last axis of a tensor holds boxes. */
export function expectBoxes(boxes: Tensor, what: string): void {
  if (boxes.shape.at(-1) !== 4)
    throw new ShapeError(`${what}: boxes expected [..., 4], got [${boxes.shape.join(", ")}]`);
}

/** Checks that two tensors of boxes have the same shape. */
export function expectSameBoxes(first: Tensor, second: Tensor, what: string): void {
  expectBoxes(first, what);
  if (first.shape.length !== second.shape.length || first.shape.some((size, axis) => size !== second.shape[axis])) {
    throw new ShapeError(
      `${what}: expected two tensors of one shape, got [${first.shape.join(", ")}] and ` +
        `[${second.shape.join(", ")}]; the pairwise functions take unequal numbers of boxes`,
    );
  }
}

/** Checks that a tensor is one list of boxes. */
export function expectBoxList(boxes: Tensor, what: string): void {
  if (boxes.rank !== 2 || boxes.shape[1] !== 4)
    throw new ShapeError(`${what}: boxes expected [N, 4], got [${boxes.shape.join(", ")}]`);
}
