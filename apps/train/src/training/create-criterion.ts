import { boxL1, classError, focalClassification, generalizedIou, type PredictionLoss, SetCriterion, softmaxClassification } from "@detrkit/criterion";
import { boxL1 as boxL1Cost, classProbability, focalClass, generalizedIou as generalizedIouCost, HungarianMatcher, type MatchCost } from "@detrkit/matcher";
import { modelOf } from "../configuration/model-settings.ts";
import type { TrainingConfig } from "../configuration/training-config.ts";

/** How classes are learned: what a match of them costs, and their loss. */
interface Classification {
  readonly cost: MatchCost;
  readonly loss: PredictionLoss;
}

/** The set loss of a run's model: the weights of the losses are those of the matching costs. */
export function createCriterion(config: TrainingConfig): SetCriterion {
  const { boxL1Weight, giouWeight } = config;
  const isDeformable = modelOf(config) === "deformable-detr";
  const { cost, loss } = isDeformable ? sigmoidClasses(config) : softmaxClasses(config);
  return new SetCriterion({
    matcher: new HungarianMatcher({ costs: [cost, boxL1Cost(boxL1Weight), generalizedIouCost(giouWeight)] }),
    losses: [loss, boxL1({ weight: boxL1Weight }), generalizedIou({ weight: giouWeight })],
    // Without a no-object class the cardinality error means nothing.
    ...(isDeformable ? { logged: [classError()] } : {}),
  });
}

function softmaxClasses({ classWeight, noObjectWeight }: TrainingConfig): Classification {
  return { cost: classProbability(classWeight), loss: softmaxClassification({ weight: classWeight, ...(noObjectWeight === undefined ? {} : { noObjectWeight }) }) };
}

function sigmoidClasses({ classWeight, focalAlpha }: TrainingConfig): Classification {
  const options = focalAlpha === undefined ? {} : { alpha: focalAlpha };
  return { cost: focalClass(classWeight, options), loss: focalClassification({ weight: classWeight, ...options }) };
}
