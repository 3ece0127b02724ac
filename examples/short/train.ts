// A training from built parts: epochs, evaluation, log, checkpoints, and going on where it was stopped.
import { startBackend } from "@detrkit/backend";
import { fixedSize, openDataset } from "@detrkit/datasets";
import { createDetector, presets } from "@detrkit/detr";
import { AdamW } from "@detrkit/optim";
import { deformableDetr, train } from "@detrkit/training";

await startBackend();
const training = await openDataset("shapes:count=16,validation=4,size=64,classes=3");
const validation = await openDataset(training.spec, { split: "val", classes: training.classes });
const detector = { ...presets["deformable-detr-small"], numClasses: 3 };
const size = { width: 64, height: 64 };
const { records } = await train({
  model: createDetector(detector),
  criterion: deformableDetr.criterion({}), // or a SetCriterion of your matcher and losses
  optimizer: new AdamW({ groups: [{ learningRate: 2e-4 }], weightDecay: 1e-4, clipNorm: 0.1 }),
  data: { training, validation },
  transforms: { training: fixedSize(size, { training: true }), evaluation: fixedSize(size, { training: false }) },
  detector,
  output: "runs/mine",
  epochs: 2,
});
console.log(records.map(({ loss, metrics }) => [loss, metrics?.AP50]));
