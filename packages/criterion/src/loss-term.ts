import type { Scalar } from "@tensorflow/tfjs-core";
import type { MatchedMasks } from "./masks/matched-masks.ts";
import type { MatchedPredictions } from "./matched-predictions.ts";
import type { PredictionGradient, PredictionGroup } from "./prediction-group.ts";

/** Common to all loss terms. */
interface Term {
  /** Unique among the terms of a criterion; the last decoder layer's value is reported under it. */
  readonly name: string;
  /** The term's factor in the total loss. Its reported value is without this factor. */
  readonly weight: number;
}

/**
 * A loss on classes or boxes, of one layer. Matching needs these predictions in plain memory, so the loss and its
 * derivative are computed there as well, in float64: a dozen small tensor ops for each would cost more than the
 * arithmetic.
 */
export interface PredictionLoss extends Term {
  readonly on: "predictions";
  /**
   * @param gradient - `weight` times the derivative of the value is added to it
   * @returns the value, without the weight
   */
  evaluate(group: PredictionGroup, gradient: PredictionGradient): number;
}

/**
 * A loss on the matched queries' classes or boxes, of one layer, as tensor ops that tfjs differentiates: the way to
 * write your own term. It costs its ops once for each layer, forwards and backwards; a {@link PredictionLoss} costs
 * none.
 */
export interface MatchedLoss extends Term {
  readonly on?: undefined;
  /**
   * The value, without the weight. Called inside a `tidy`, with at least one pair; without pairs the term counts as 0.
   */
  call(matched: MatchedPredictions): Scalar;
}

/** A loss on the masks of matched queries, of the last decoder layer. Masks are large: these are tensors. */
export interface MaskLoss extends Term {
  readonly on: "masks";
  /** Whether it takes only pixels that lie inside or outside, not points near an outline. Default false. */
  readonly wholePixels?: boolean;
  /**
   * The value, without the weight; differentiable with respect to the mask logits. Called inside a `tidy`, with at
   * least one pair.
   */
  call(masks: MatchedMasks): Scalar;
}

/** One term of {@link SetCriterion}'s sum. */
export type LossTerm = PredictionLoss | MatchedLoss | MaskLoss;

/** A number that is reported and never trained on. */
export interface LoggedTerm {
  readonly name: string;
  /** Whether earlier decoder layers and the encoder are measured too, or only the last decoder layer. */
  readonly everyLayer: boolean;
  /** The number for one layer of the decoder, or for the encoder. */
  measure(group: PredictionGroup): number;
}
