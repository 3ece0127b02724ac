import type { QueryMasks, TargetMasks } from "@detrkit/boxes";
import { DataError, ShapeError } from "@detrkit/common";
import { matMul, reshape, type Tensor2D, type Tensor4D, tensor2d, tensor3d } from "@tensorflow/tfjs-core";
import { forEachPair, type PredictionGroup } from "../prediction-group.ts";
import { bilinearMatrix } from "./bilinear-matrix.ts";
import { chosenMasks } from "./chosen-masks.ts";

/**
 * Mask logits of the matched queries, and their target masks. `N` matched pairs, `H W` the largest height and width of
 * the batch's images: beyond its image a mask is empty.
 */
export interface MatchedMasks {
  /** Upsampled to the targets' size `[N, H·W]`. */
  readonly logits: Tensor2D;
  /** `[N, H·W]`: 1 inside the object, -1 outside. */
  readonly signs: Tensor2D;
  readonly boxCount: number;
}

/**
 * Picks and upsamples the masks of matched queries; undefined if nothing is matched. Call it inside a `tidy`.
 *
 * @param predicted - mask logits `[B, Q, h, w]`, or what computes them for chosen queries
 */
export function matchMasks(predicted: Tensor4D | QueryMasks, group: PredictionGroup): MatchedMasks | undefined {
  const chosen: number[] = [];
  forEachPair(group, (query) => chosen.push(query));
  const truth = paddedSigns(group, chosen.length);
  if (chosen.length === 0) return undefined;

  const count = chosen.length;
  const small = chosenMasks(predicted, chosen, group);
  const [, height, width] = small.shape;
  // Rows first, as a product from the left of every mask; then columns, as one product of all rows.
  const fromRows = tensor3d(bilinearMatrix(truth.height, height), [1, truth.height, height]);
  const fromColumns = tensor2d(bilinearMatrix(truth.width, width), [truth.width, width]);
  const tall = matMul(fromRows, small); // [N, H, w]
  const full = matMul(reshape(tall, [count * truth.height, width]), fromColumns, false, true); // [N·H, W]
  return {
    logits: reshape(full, [count, truth.height * truth.width]),
    signs: tensor2d(truth.signs, [count, truth.height * truth.width]),
    boxCount: group.boxCount,
  };
}

interface PaddedSigns {
  readonly height: number;
  readonly width: number;
  /** `[N, height, width]` row-major. */
  readonly signs: Float32Array;
}

/** The matched targets' masks, each at the top left of the largest size in the batch. */
function paddedSigns(group: PredictionGroup, count: number): PaddedSigns {
  const masks = group.targets.map((target, image) => expectMasks(target.masks, target.labels.length, image));
  const height = Math.max(...masks.map((mask) => mask.height));
  const width = Math.max(...masks.map((mask) => mask.width));
  const signs = new Float32Array(count * height * width).fill(-1);
  let offset = 0;
  group.matches.forEach((match, image) => {
    const mask = masks[image] as TargetMasks;
    for (const target of match.targets) {
      for (let row = 0; row < mask.height; row++) {
        const from = (target * mask.height + row) * mask.width;
        for (let column = 0; column < mask.width; column++) {
          if (mask.data[from + column] !== 0) signs[offset + row * width + column] = 1;
        }
      }
      offset += height * width;
    }
  });
  return { height, width, signs };
}

function expectMasks(masks: TargetMasks | undefined, count: number, image: number): TargetMasks {
  if (masks === undefined)
    throw new DataError(
      `SetCriterion.call: a mask loss needs masks, but the targets of image ${image} have none; ` +
        "load them or leave mask losses out",
    );
  if (masks.data.length !== count * masks.height * masks.width) {
    throw new ShapeError(
      `SetCriterion.call: masks of image ${image} expected [${count}, ${masks.height}, ${masks.width}], ` +
        `got ${masks.data.length} values`,
    );
  }
  return masks;
}
