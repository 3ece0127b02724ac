import { TensorError } from "@detrkit/common";
import {
  gather,
  reshape,
  type Scalar,
  split,
  Tensor,
  type Tensor1D,
  tensor1d,
  type Tensor2D,
  tensor2d,
} from "@tensorflow/tfjs-core";
import type { PredictionBlock } from "./prediction-block.ts";
import { forEachPair, type PredictionGroup } from "./prediction-group.ts";

/** One layer's predictions of matched queries, and their targets. `T` matched pairs of the batch, `C` classes. */
export interface MatchedPredictions {
  /** `[T, 4]`, cxcywh, normalised by the image's size without padding; differentiable. */
  readonly boxes: Tensor2D;
  /** `[T, 4]`, in the same format. */
  readonly targetBoxes: Tensor2D;
  /** `[T, C]`, "no object" included where the model has it; differentiable. */
  readonly logits: Tensor2D;
  /** `[T]` int32. Of the encoder's proposals all are class 0. */
  readonly targetLabels: Tensor1D;
  /** What box losses are divided by: the number of targets, at least 1, or the result of `averageBoxCount`. */
  readonly normalizer: number;
}

/** The matched pairs of one layer as plain numbers. */
interface Pairs {
  /** Index of each among all `B·Q` queries of the layer. */
  readonly queries: readonly number[];
  readonly targetBoxes: readonly number[];
  readonly targetLabels: readonly number[];
}

/**
 * Picks the matched pairs of each layer of a block; undefined for a layer without any. Call it inside a `tidy`. All
 * layers of one tensor are picked at once, so that one gradient is scattered and not one for each layer.
 */
export function matchedPredictions(
  block: PredictionBlock,
  groups: readonly PredictionGroup[],
): (MatchedPredictions | undefined)[] {
  const pairs = groups.map(pairsOf);
  const queries = pairs.map((layer) => layer.queries);
  const logits = pickRows(block.logits, queries);
  const boxes = pickRows(block.boxes, queries);
  return pairs.map(({ targetBoxes, targetLabels }, layer) => {
    if (targetLabels.length === 0) return undefined;
    return {
      boxes: boxes[layer] as Tensor2D,
      targetBoxes: tensor2d([...targetBoxes], [targetLabels.length, 4]),
      logits: logits[layer] as Tensor2D,
      targetLabels: tensor1d([...targetLabels], "int32"),
      normalizer: (groups[layer] as PredictionGroup).boxCount,
    };
  });
}

/**
 * The result of a loss term, if it is a differentiable number.
 *
 * @throws TensorError with the names of term and layer, when it is anything else
 */
export function expectScalar(value: unknown, term: string, layer: string): Scalar {
  if (value instanceof Tensor && value.rank === 0 && value.dtype === "float32") return value as Scalar;
  throw new TensorError(
    `SetCriterion.call: loss term "${term}" of layer "${layer}" must return a float32 scalar, computed synchronously ` +
      `by tensor ops, got ${described(value)}; end it with sum or mean`,
  );
}

function described(value: unknown): string {
  if (value instanceof Tensor) return `a tensor of ${value.dtype} [${value.shape.join(", ")}]`;
  if (value instanceof Promise) return "a promise";
  return value === undefined ? "nothing" : `a ${typeof value}`;
}

function pairsOf(group: PredictionGroup): Pairs {
  const pairs = { queries: [] as number[], targetBoxes: [] as number[], targetLabels: [] as number[] };
  forEachPair(group, (query, target, { boxes, labels }) => {
    pairs.queries.push(query);
    pairs.targetBoxes.push(...boxes.subarray(4 * target, 4 * target + 4));
    pairs.targetLabels.push(labels[target] as number);
  });
  return pairs;
}

/**
 * @param tensors - equally many layers each, `[..., B, Q, X]`
 * @param queries - of each layer
 * @returns `[T, X]` of each layer, undefined where it has no query
 */
function pickRows(tensors: readonly Tensor[], queries: readonly (readonly number[])[]): (Tensor | undefined)[] {
  const layersEach = queries.length / tensors.length;
  return tensors.flatMap((tensor, index) => {
    const width = tensor.shape.at(-1) as number;
    const rows = tensor.size / width;
    const layers = queries.slice(index * layersEach, (index + 1) * layersEach);
    const chosen = layers.flatMap((layer, position) => layer.map((query) => (position * rows) / layersEach + query));
    if (chosen.length === 0) return layers.map(() => undefined);
    const picked = gather(reshape(tensor, [rows, width]), tensor1d(chosen, "int32"));
    const counts = layers.map(({ length }) => length).filter((length) => length > 0);
    // tfjs can't differentiate a split into one part. The array of parts belongs to tfjs, whose tape still reads it.
    const parts = (counts.length === 1 ? [picked] : split(picked, counts, 0)).values();
    return layers.map(({ length }) => (length === 0 ? undefined : parts.next().value));
  });
}
