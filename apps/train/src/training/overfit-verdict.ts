import type { TrainingOutcome } from "@detrkit/training";
import type { RunConfig } from "../configuration/resolve-config.ts";
import { figure } from "../text.ts";

/** How `--overfit` ended. */
export interface OverfitVerdict {
  readonly learned: boolean;
  readonly text: string;
}

/** What is said of a run that was to learn a few images by heart; undefined of any other run. */
export function overfitVerdict(
  { learningRateFactors, model, output, overfit, overfitGoal, transforms }: RunConfig,
  { records }: Pick<TrainingOutcome, "records">,
): OverfitVerdict | undefined {
  if (overfit === 0) return undefined;
  const last = records.at(-1);
  const AP50 = last?.metrics?.AP50;
  const measured = `AP50 on the images it was trained on is ${figure(AP50)} after ${last?.step ?? 0} steps`;
  if (AP50 !== undefined && AP50 >= overfitGoal)
    return { learned: true, text: `--overfit ${overfit}: learned; ${measured}, and ${overfitGoal} was to be reached` };
  const factor = learningRateFactors["backbone"] ?? 1;
  const places = [
    `the pictures in ${output}: does the truth lie on the objects? If not, the annotations are read wrongly`,
    "the loss in the report: still falling, then more --epochs; jumping, then a lower --learning-rate; flat from the " +
      `start, then a higher one${factor < 1 ? `, or --learning-rate-factors.backbone 1 (now ${factor})` : ""}`,
    `--num-queries ${String(model["numQueries"])}: an image with more objects cannot be learned`,
    `--transforms.kind ${transforms.kind}: are the objects still some pixels wide at the size that the model sees?`,
  ];
  const text = [
    `FAILED --overfit ${overfit}: ${measured}, below ${overfitGoal} (--overfit-goal).`,
    "What cannot learn a few images by heart will not learn many. Look at",
    ...places.map((place) => `  - ${place}`),
  ].join("\n");
  return { learned: false, text };
}
