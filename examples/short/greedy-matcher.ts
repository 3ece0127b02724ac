// Your own matcher in place of the Hungarian one: the cheapest pair first, then the cheapest of what is left.
import { startBackend } from "@detrkit/backend";
import { boxL1, SetCriterion, softmaxClassification } from "@detrkit/criterion";
import { batches, fixedSize, openDataset } from "@detrkit/datasets";
import { createDetector } from "@detrkit/detr";
import { boxL1 as boxL1Cost, classProbability, HungarianMatcher, type Matcher } from "@detrkit/matcher";

const costs = new HungarianMatcher({ costs: [classProbability({ weight: 1 }), boxL1Cost({ weight: 5 })] });
const greedy: Matcher = {
  matchImage(prediction, target) {
    const [cost, objects] = [costs.costMatrix(prediction, target), target.labels.length];
    const pairs = Array.from(cost.keys(), (at) => ({ at, query: Math.floor(at / objects), target: at % objects }));
    pairs.sort((a, b) => (cost[a.at] ?? 0) - (cost[b.at] ?? 0));
    const chosen = new Map<number, number>(); // from query to target
    for (const { query, target } of pairs)
      if (!chosen.has(query) && ![...chosen.values()].includes(target)) chosen.set(query, target);
    const queries = Int32Array.from(chosen.keys()).toSorted();
    return { queries, targets: queries.map((query) => chosen.get(query) ?? 0) };
  },
};

await startBackend();
const dataset = await openDataset("shapes:count=2,size=64,classes=3");
const model = createDetector("detr-small", { numClasses: 3 });
const criterion = new SetCriterion({ matcher: greedy, losses: [softmaxClassification(), boxL1({ weight: 5 })] });
const transforms = fixedSize({ width: 64, height: 64 }, { training: false });
for await (const { images, targets } of batches(dataset, { batchSize: 2, transforms, workers: 0 }))
  console.log(criterion.call(model.call(images), targets).loss.dataSync()[0]);
