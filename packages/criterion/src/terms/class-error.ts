import type { LoggedTerm } from "../loss-term.ts";
import { forEachPair, type PredictionGroup } from "../prediction-group.ts";
import { highestClass } from "./highest-class.ts";

/** Percentage of the matched queries whose highest class is not their target's; 100 where nothing is matched. */
export function classError(): LoggedTerm {
  return { name: "classError", everyLayer: false, measure };
}

function measure(group: PredictionGroup): number {
  let matched = 0;
  let right = 0;
  forEachPair(group, (query, target, { labels }) => {
    matched++;
    if (highestClass(group, query) === labels[target]) right++;
  });
  return matched === 0 ? 100 : 100 - (100 * right) / matched;
}
