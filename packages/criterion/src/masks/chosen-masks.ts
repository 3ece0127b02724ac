import type { QueryMasks } from "@detrkit/boxes";
import { ShapeError } from "@detrkit/common";
import { gather, reshape, Tensor, tensor1d, type Tensor3D, type Tensor4D } from "@tensorflow/tfjs-core";
import type { PredictionGroup } from "../prediction-group.ts";

/**
 * Mask logits `[N, h, w]` of chosen queries, differentiable; only these are computed where the model computes masks on
 * demand. Call it inside a `tidy`.
 *
 * @param masks - all of them `[B, Q, h, w]`, or the model's
 * @param chosen - position of each query in the batch, `image · Q + query` `[N]`, at least one
 */
export function chosenMasks(
  masks: Tensor4D | QueryMasks,
  chosen: readonly number[],
  { images, queries }: PredictionGroup,
): Tensor3D {
  if (!(masks instanceof Tensor)) {
    const logits = masks.of(chosen);
    if (logits.rank === 3 && logits.shape[0] === chosen.length) return logits;
    throw new ShapeError(
      `SetCriterion.call: masks.of of ${chosen.length} queries expected [${chosen.length}, h, w], ` +
        `got [${logits.shape.join(", ")}]`,
    );
  }
  const [imagesOfMasks, queriesOfMasks, height, width] = masks.shape;
  if (imagesOfMasks !== images || queriesOfMasks !== queries) {
    throw new ShapeError(
      `SetCriterion.call: masks expected [${images}, ${queries}, h, w], got [${masks.shape.join(", ")}]`,
    );
  }
  return gather(reshape(masks, [images * queries, height, width]), tensor1d([...chosen], "int32")) as Tensor3D;
}
