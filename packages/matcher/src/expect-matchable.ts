import type { DetectionTarget } from "@detrkit/boxes";
import { DataError, DetrkitError, ShapeError } from "@detrkit/common";
import type { ImagePrediction } from "./image-prediction.ts";

/** Checks sizes and values of one image's predictions. A prediction that is not finite would be matched arbitrarily. */
export function expectFinitePrediction({ queries, classes, logits, boxes }: ImagePrediction): void {
  if (logits.length !== queries * classes || boxes.length !== queries * 4) {
    throw new ShapeError(
      `expected logits [${queries}, ${classes}] and boxes [${queries}, 4], ` +
        `got ${logits.length} and ${boxes.length} numbers`,
    );
  }
  expectFinite(logits, classes, "logits");
  expectFinite(boxes, 4, "boxes");
  for (let query = 0; query < queries; query++) {
    const width = boxes[4 * query + 2] as number;
    const height = boxes[4 * query + 3] as number;
    if (width < 0 || height < 0) {
      throw new DetrkitError(
        "ERR_NEGATIVE_BOX",
        `query ${query} has width ${width} and height ${height}; boxes are expected as cxcywh after a sigmoid`,
      );
    }
  }
}

function expectFinite(values: Float32Array, width: number, what: string): void {
  for (let at = 0; at < values.length; at++) {
    if (Number.isFinite(values[at])) continue;
    throw new DetrkitError(
      "ERR_NON_FINITE",
      `${what} of query ${Math.floor(at / width)} hold ${values[at]}; the model has diverged: ` +
        "lower the learning rate, clip gradients, or look for NaN among its inputs",
    );
  }
}

/** Checks one image's targets against the model's number of classes. */
export function expectUsableTarget({ labels, boxes }: DetectionTarget, classes: number): void {
  if (boxes.length !== 4 * labels.length) {
    throw new ShapeError(
      `targets expected boxes [T, 4] for T labels, got ${boxes.length} numbers for ${labels.length} labels`,
    );
  }
  for (let target = 0; target < labels.length; target++) {
    const label = labels[target] as number;
    if (label < 0 || label >= classes) {
      throw new DataError(
        `target ${target} has label ${label}, but the logits have ${classes} classes: labels count from 0, ` +
          "so numClasses must be above the largest",
      );
    }
    const box = boxes.subarray(4 * target, 4 * target + 4);
    if (!box.every(Number.isFinite) || (box[2] as number) < 0 || (box[3] as number) < 0) {
      throw new DataError(`target ${target} has box [${box.join(", ")}]; expected finite cxcywh with no negative size`);
    }
  }
}
