// Published weights, other classes, your own loop:  … examples/short/fine-tune.ts detr-r50.pth detr-r50 voc:./my-data
import { startBackend } from "@detrkit/backend";
import { importStateDict, loadParameters, originalDetr, readStateDict } from "@detrkit/checkpoint";
import { Random } from "@detrkit/common";
import { batches, fixedSize, openDataset } from "@detrkit/datasets";
import { createDetector, type DetrPresetName } from "@detrkit/detr";
import { AdamW } from "@detrkit/optim";
import { softmaxCriterion } from "@detrkit/training";

const [weights = "detr-r50.pth", preset = "detr-r50", data = "shapes:count=8,size=64"] = process.argv.slice(2);
await startBackend();
const dataset = await openDataset(data);
const model = createDetector(preset as DetrPresetName, { numClasses: dataset.classes.length });
const { tensors } = importStateDict(await readStateDict(weights), { dialect: originalDetr });
loadParameters(model, tensors, weights, { ignoreMismatched: ["classHead.**"] }); // COCO's 91 classes give way to these

const criterion = softmaxCriterion();
const optimizer = new AdamW({
  groups: [{ match: "backbone.**", learningRate: 1e-5 }, { learningRate: 1e-4 }],
  weightDecay: 1e-4,
  clipNorm: 0.1,
});
const transforms = fixedSize({ width: 64, height: 64 }, { training: true });
for await (const { images, targets } of batches(dataset, { batchSize: 2, transforms, shuffle: true, workers: 0 })) {
  const { loss } = await optimizer.step(model, () =>
    criterion.call(model.call(images, { training: true, random: new Random(1) }), targets),
  );
  console.log(loss.toFixed(2));
}
