// Training without the training app: data, model, matcher, losses and optimiser put together by hand, in one loop.
//   node --conditions=@detrkit/source examples/own-training-loop/main.ts
import { startBackend } from "@detrkit/backend";
import { Random } from "@detrkit/common";
import { boxL1, classError, generalizedIou, SetCriterion, softmaxClassification } from "@detrkit/criterion";
import { batches, fixedSize, openDataset } from "@detrkit/datasets";
import { createDetector, presets } from "@detrkit/detr";
import {
  boxL1 as boxL1Cost,
  classProbability,
  generalizedIou as generalizedIouCost,
  HungarianMatcher,
} from "@detrkit/matcher";
import { AdamW } from "@detrkit/optim";

const epochs = 3;
const seed = 1;

const { reason } = await startBackend();
process.stdout.write(`${reason}\n`);

const dataset = await openDataset("shapes:count=16,size=64,classes=3", { split: "train" });
const { backbone, transformer } = presets["detr-small"];
const model = createDetector(
  {
    ...presets["detr-small"],
    backbone: { ...backbone, width: 8, stem: "3x3pool" },
    transformer: { ...transformer, dim: 32, feedForwardDim: 64 },
    numQueries: 12,
  },
  { numClasses: dataset.classes.length, seed },
);
const criterion = new SetCriterion({
  matcher: new HungarianMatcher({
    costs: [classProbability({ weight: 1 }), boxL1Cost({ weight: 5 }), generalizedIouCost({ weight: 2 })],
  }),
  losses: [softmaxClassification({ noObjectWeight: 0.1 }), boxL1({ weight: 5 }), generalizedIou({ weight: 2 })],
  logged: [classError()],
});
const optimizer = new AdamW({
  groups: [{ match: "backbone.**", learningRate: 2e-4 }, { learningRate: 5e-4 }],
  weightDecay: 1e-4,
  clipNorm: 0.1,
});

const random = new Random(seed);
const transforms = fixedSize({ width: 64, height: 64 }, { training: true });
const means: number[] = [];
for (let epoch = 0; epoch < epochs; epoch++) {
  let sum = 0;
  let steps = 0;
  for await (const batch of batches(dataset, { batchSize: 4, transforms, seed, epoch, shuffle: true, workers: 1 })) {
    const { loss } = await optimizer.step(model, () =>
      criterion.call(model.call(batch.images, { training: true, random }), batch.targets),
    );
    sum += loss;
    steps += 1;
  }
  means.push(sum / steps);
  process.stdout.write(`epoch ${epoch + 1}: loss ${(sum / steps).toFixed(2)}\n`);
}
optimizer.dispose();
model.dispose();
if (!((means.at(-1) ?? NaN) < (means[0] ?? NaN))) throw new Error("the loss did not fall");
