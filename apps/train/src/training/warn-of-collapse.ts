import type { FinishedEpoch } from "@detrkit/training";
import { collapseOf } from "../evaluation/collapsed-predictions.ts";
import type { RunConfig } from "../configuration/resolve-config.ts";
import type { RunData } from "../data/open-data.ts";

/** Every detector begins with predictions that are alike: in this part of a run they say nothing. */
const beginning = 0.2;

/** Says of an evaluation when predictions have nothing to do with their images: once, and at the end again. */
export function collapseWarner(
  { epochs }: Pick<RunConfig, "epochs">,
  { validation }: RunData,
  say: (line: string) => void,
): (epoch: FinishedEpoch) => void {
  let said = false;
  return ({ evaluated, last, record }) => {
    if (evaluated === undefined || (said && !last) || (record.epoch < beginning * epochs && !last)) return;
    const found = collapseOf(evaluated.detections, validation);
    if (found === undefined) return;
    said = true;
    say(
      `warning: the predictions have collapsed: ${found}.\n` +
        "They do not depend on the image. More epochs alone seldom help: lower --learning-rate, or raise it slowly " +
        "with --schedule.warmup-steps; --overfit 8 shows in a short run whether the model can learn these images at " +
        "all.",
    );
  };
}
