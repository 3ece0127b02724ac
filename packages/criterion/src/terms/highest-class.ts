import type { PredictionGroup } from "../prediction-group.ts";

/** The class with the highest logit of one of the group's `B·Q` queries; the first one of equals. */
export function highestClass({ classes, logits }: PredictionGroup, query: number): number {
  const offset = query * classes;
  let highest = 0;
  for (let index = 1; index < classes; index++) {
    if ((logits[offset + index] as number) > (logits[offset + highest] as number)) highest = index;
  }
  return highest;
}
