import { boxL1, generalizedIou, SetCriterion, softmaxClassification } from "@detrkit/criterion";
import { boxL1 as boxL1Cost, classProbability, generalizedIou as generalizedIouCost, HungarianMatcher } from "@detrkit/matcher";
import type { TrainingConfig } from "../configuration/training-config.ts";

/** DETR's set loss: the weights of the losses are those of the matching costs. */
export function createCriterion({ classWeight, boxL1Weight, giouWeight, noObjectWeight }: TrainingConfig): SetCriterion {
  return new SetCriterion({
    matcher: new HungarianMatcher({ costs: [classProbability(classWeight), boxL1Cost(boxL1Weight), generalizedIouCost(giouWeight)] }),
    losses: [softmaxClassification({ weight: classWeight, noObjectWeight }), boxL1({ weight: boxL1Weight }), generalizedIou({ weight: giouWeight })],
  });
}
