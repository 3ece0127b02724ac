import {
  boxL1,
  classError,
  focalClassification,
  generalizedIou,
  type LossTerm,
  maskCrossEntropy,
  maskDice,
  maskFocal,
  SetCriterion,
  type SetCriterionConfig,
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

/**
 * Of all set losses. The weight of a loss is that of its matching cost, where that has none of its own. Those of masks
 * count in a model with masks. 12,544 points are those of Mask2Former (112²): a 68th of the pixels of 800×1066.
 */
const commonLosses = {
  boxL1: weight(5).describe("Weight of the L1 box loss"),
  generalizedIou: weight(2).describe("Weight of the generalised IoU loss"),
  classificationCost: cost("the class"),
  boxL1Cost: cost("the L1 box distance"),
  generalizedIouCost: cost("the generalised IoU"),
  maskFocal: weight(1).describe("Weight of the focal loss of masks, with maskPoints 0"),
  maskCrossEntropy: weight(1).describe("Weight of the cross-entropy of masks at points, in place of the focal loss"),
  maskDice: weight(1).describe("Weight of the dice loss of masks"),
  maskPoints: z
    .number()
    .int()
    .min(0)
    .default(12_544)
    .describe("Points of each mask that its losses are taken at, most of them where it is uncertain; 0: all pixels"),
};

/** Settings of DETR's losses: one class or none for each query. Defaults as published. */
export const softmaxLosses = z.strictObject({
  classification: weight(1).describe("Weight of the class loss"),
  noObject: z.number().positive().default(0.1).describe("Weight of the no-object class in the class loss"),
  ...commonLosses,
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
  ...commonLosses,
});
/** Weights of {@link focalCriterion}. */
export type FocalLosses = z.infer<typeof focalLosses>;

/**
 * The set loss of DETR (arXiv:2005.12872, section 3.1): softmax over the classes and "no object".
 *
 * @param given - settings that differ from the defaults
 * @param settings - of the model: with `masks`, there are losses of masks
 */
export function softmaxCriterion(given: Partial<SoftmaxLosses> = {}, settings: object = {}): SetCriterion {
  const losses = softmaxLosses.parse(given);
  const { classification, noObject } = losses;
  const { losses: ofMasks, ...masks } = maskTerms(losses, settings);
  return new SetCriterion({
    matcher: matcherOf(classProbability({ weight: losses.classificationCost ?? classification }), losses),
    ...masks,
    losses: [
      softmaxClassification({ weight: classification, noObjectWeight: noObject }),
      ...boxTerms(losses),
      ...ofMasks,
    ],
  });
}

/**
 * The set loss of Deformable DETR (arXiv:2010.04159): a focal loss on each class.
 *
 * @param given - settings that differ from the defaults
 * @param settings - of the model: with `masks`, there are losses of masks
 */
export function focalCriterion(given: Partial<FocalLosses> = {}, settings: object = {}): SetCriterion {
  const losses = focalLosses.parse(given);
  const { classification, focalAlpha: alpha } = losses;
  const { losses: ofMasks, ...masks } = maskTerms(losses, settings);
  return new SetCriterion({
    matcher: matcherOf(focalClass({ weight: losses.classificationCost ?? classification, alpha }), losses),
    ...masks,
    losses: [focalClassification({ weight: classification, alpha }), ...boxTerms(losses), ...ofMasks],
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

type MaskWeights = Pick<SoftmaxLosses, "maskFocal" | "maskCrossEntropy" | "maskDice" | "maskPoints">;

/** The losses on masks, and where they are taken; none for a model without masks. */
function maskTerms(weights: MaskWeights, settings: object): Pick<SetCriterionConfig, "losses" | "maskPoints"> {
  if (!("masks" in settings)) return { losses: [] };
  const dice = maskDice({ weight: weights.maskDice });
  if (weights.maskPoints === 0) return { losses: [maskFocal({ weight: weights.maskFocal }), dice] };
  return {
    losses: [maskCrossEntropy({ weight: weights.maskCrossEntropy }), dice],
    maskPoints: { count: weights.maskPoints },
  };
}
