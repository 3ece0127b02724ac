import type { LoggedTerm } from "../loss-term.ts";
import type { PredictionGroup } from "../prediction-group.ts";
import { highestClass } from "./highest-class.ts";

/**
 * Mean absolute difference between the number of targets of an image and of queries whose highest class is not the last
 * one. The last class is "no object" for DETR; without such a class (focal loss) the number means little.
 */
export function cardinalityError(): LoggedTerm {
  return { name: "cardinalityError", everyLayer: true, measure };
}

function measure(group: PredictionGroup): number {
  let error = 0;
  for (const [image, { labels }] of group.targets.entries()) {
    let objects = 0;
    for (let query = image * group.queries; query < (image + 1) * group.queries; query++) {
      if (highestClass(group, query) !== group.classes - 1) objects++;
    }
    error += Math.abs(objects - labels.length);
  }
  return error / group.images;
}
