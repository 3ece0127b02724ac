import type { QueryMasks } from "@detrkit/boxes";
import { ConfigError, type Random } from "@detrkit/common";
import type { Scalar, Tensor4D } from "@tensorflow/tfjs-core";
import type { LossTerm, MaskLoss } from "../loss-term.ts";
import type { PredictionGroup } from "../prediction-group.ts";
import type { TensorTerm } from "../tensor-term.ts";
import { chosenMasks } from "./chosen-masks.ts";
import { completeMaskPoints, type MaskPointsConfig } from "./mask-points.ts";
import { matchMasks, type PointDraw } from "./matched-masks.ts";
import { withoutMasks } from "./without-masks.ts";

/** The terms on masks among a criterion's losses, and the places of the masks that they are taken at. */
export class MaskTerms {
  readonly #losses: readonly MaskLoss[];
  readonly #points: Required<MaskPointsConfig> | undefined;

  /** @param points - none: all pixels */
  constructor(losses: readonly LossTerm[], points: MaskPointsConfig | undefined) {
    this.#losses = losses.filter((term): term is MaskLoss => term.on === "masks");
    this.#points = points === undefined ? undefined : completeMaskPoints(points);
    const atPixels = this.#losses.find(({ wholePixels = false }) => wholePixels);
    if (points !== undefined && atPixels !== undefined) {
      throw new ConfigError(
        `SetCriterion: "${atPixels.name}" takes whole pixels, not points between them; ` +
          "with maskPoints take maskCrossEntropy() in its place",
      );
    }
  }

  /** The terms of the last decoder layer. Call it inside a `tidy`. */
  evaluate(
    masks: Tensor4D | QueryMasks | undefined,
    lastLayer: PredictionGroup,
    random: Random | undefined,
  ): TensorTerm[] {
    const losses = this.#losses;
    if (losses.length === 0) return [];
    if (masks === undefined)
      throw new ConfigError(
        `SetCriterion.call: "${losses[0]?.name}" needs predicted masks, but the prediction has none; ` +
          "use a model with a mask head or leave mask losses out",
      );
    const matched = matchMasks(masks, lastLayer, this.#drawFrom(random));
    const asTerm = ({ name, weight }: MaskLoss, value: Scalar): TensorTerm => ({ reportedAs: name, weight, value });
    if (matched !== undefined) return losses.map((term) => asTerm(term, term.call(matched)));
    const unmatched = chosenMasks(masks, [0], lastLayer);
    return losses.map((term) => asTerm(term, withoutMasks(unmatched)));
  }

  #drawFrom(random: Random | undefined): PointDraw | undefined {
    if (this.#points === undefined) return undefined;
    if (random !== undefined) return { points: this.#points, random };
    throw new ConfigError(
      "SetCriterion.call: maskPoints draws points, but no random numbers were given; pass { random: new Random(seed) }",
    );
  }
}
