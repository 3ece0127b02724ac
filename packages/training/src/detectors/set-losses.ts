import {
  boxL1,
  classError,
  focalClassification,
  generalizedIou,
  type LossTerm,
  SetCriterion,
  softmaxClassification,
} from "@detrkit/criterion";
import {
  boxL1 as boxL1Cost,
  classProbability,
  focalClass,
  generalizedIou as generalizedIouCost,
  HungarianMatcher,
  type MatchCost,
} from "@detrkit/matcher";
import * as z from "zod";

const weight = (published: number): z.ZodDefault<z.ZodNumber> => z.number().min(0).default(published);

const cost = (loss: string): z.ZodExactOptional<z.ZodNumber> =>
  z.number().min(0).exactOptional().describe(`Weight of the matching cost of ${loss}; without it, that of the loss`);

/** Of all set losses. The weight of a loss is that of its matching cost, where that has none of its own. */
const boxLosses = {
  boxL1: weight(5).describe("Weight of the L1 box loss"),
  generalizedIou: weight(2).describe("Weight of the generalised IoU loss"),
  classificationCost: cost("the class"),
  boxL1Cost: cost("the L1 box distance"),
  generalizedIouCost: cost("the generalised IoU"),
};

/** Settings of DETR's losses: one class or none for each query. Defaults as published. */
export const softmaxLosses = z.strictObject({
  classification: weight(1).describe("Weight of the class loss"),
  noObject: z.number().positive().default(0.1).describe("Weight of the no-object class in the class loss"),
  ...boxLosses,
});
/** Weights of {@link softmaxCriterion}. */
export type SoftmaxLosses = z.infer<typeof softmaxLosses>;

/** Settings of Deformable DETR's losses: a decision for each class and query. Defaults as published. */
export const focalLosses = z.strictObject({
  classification: weight(2).describe("Weight of the focal loss"),
  focalAlpha: z
    .number()
    .min(0)
    .max(1)
    .default(0.25)
    .describe("Weight of the class that is there in the focal loss and its matching cost"),
  ...boxLosses,
});
/** Weights of {@link focalCriterion}. */
export type FocalLosses = z.infer<typeof focalLosses>;

/**
 * The set loss of DETR (arXiv:2005.12872, section 3.1): softmax over the classes and "no object".
 *
 * @param given - settings that differ from the published ones
 */
export function softmaxCriterion(given: Partial<SoftmaxLosses> = {}): SetCriterion {
  const losses = softmaxLosses.parse(given);
  const { classification, noObject } = losses;
  return new SetCriterion({
    matcher: matcherOf(classProbability({ weight: losses.classificationCost ?? classification }), losses),
    losses: [softmaxClassification({ weight: classification, noObjectWeight: noObject }), ...boxTerms(losses)],
  });
}

/**
 * The set loss of Deformable DETR (arXiv:2010.04159): a focal loss on each class.
 *
 * @param given - settings that differ from the published ones
 */
export function focalCriterion(given: Partial<FocalLosses> = {}): SetCriterion {
  const losses = focalLosses.parse(given);
  const { classification, focalAlpha: alpha } = losses;
  return new SetCriterion({
    matcher: matcherOf(focalClass({ weight: losses.classificationCost ?? classification, alpha }), losses),
    losses: [focalClassification({ weight: classification, alpha }), ...boxTerms(losses)],
    // Without a no-object class the cardinality error means nothing.
    logged: [classError()],
  });
}

type BoxWeights = Pick<SoftmaxLosses, "boxL1" | "generalizedIou" | "boxL1Cost" | "generalizedIouCost">;

function matcherOf(classes: MatchCost, weights: BoxWeights): HungarianMatcher {
  return new HungarianMatcher({
    costs: [
      classes,
      boxL1Cost({ weight: weights.boxL1Cost ?? weights.boxL1 }),
      generalizedIouCost({ weight: weights.generalizedIouCost ?? weights.generalizedIou }),
    ],
  });
}

function boxTerms(weights: BoxWeights): LossTerm[] {
  return [boxL1({ weight: weights.boxL1 }), generalizedIou({ weight: weights.generalizedIou })];
}
