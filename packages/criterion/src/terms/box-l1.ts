import type { PredictionLoss } from "../loss-term.ts";
import { forEachPair } from "../prediction-group.ts";

/** Settings of {@link boxL1}. */
export interface BoxL1Options {
  /** Default 5. */
  readonly weight?: number;
}

/** Absolute differences of normalised cx, cy, w, h: the sum over matched pairs, divided by the number of boxes. */
export function boxL1({ weight = 5 }: BoxL1Options = {}): PredictionLoss {
  return {
    on: "predictions",
    name: "boxL1",
    weight,
    evaluate: (group, gradient) => {
      let loss = 0;
      forEachPair(group, (query, target, { boxes }) => {
        for (let side = 0; side < 4; side++) {
          const at = 4 * query + side;
          const difference = (group.boxes[at] as number) - (boxes[4 * target + side] as number);
          loss += Math.abs(difference);
          gradient.boxes[at] = (gradient.boxes[at] as number) + (weight * Math.sign(difference)) / group.boxCount;
        }
      });
      return loss / group.boxCount;
    },
  };
}
