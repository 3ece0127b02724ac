// A training from built parts: epochs, evaluation, log, checkpoints, and going on where it was stopped.
import { startBackend } from "@detrkit/backend";
import { boxL1, focalClassification, generalizedIou, SetCriterion } from "@detrkit/criterion";
import { fixedSize, openDataset } from "@detrkit/datasets";
import { createDetector, presets } from "@detrkit/detr";
import {
  boxL1 as boxL1Cost,
  focalClass,
  generalizedIou as generalizedIouCost,
  HungarianMatcher,
} from "@detrkit/matcher";
import { AdamW } from "@detrkit/optim";
import { train } from "@detrkit/training";

await startBackend();
const training = await openDataset("shapes:count=16,validation=4,size=64,classes=3");
const validation = await openDataset(training.spec, { split: "val", classes: training.classes });
const detector = { ...presets["deformable-detr-small"], numClasses: 3 };
const model = createDetector(detector);
const matcher = new HungarianMatcher({
  costs: [focalClass({ weight: 2 }), boxL1Cost({ weight: 5 }), generalizedIouCost({ weight: 2 })],
});
const losses = [focalClassification({ weight: 2 }), boxL1({ weight: 5 }), generalizedIou({ weight: 2 })];
const criterion = new SetCriterion({ matcher, losses });
const optimizer = new AdamW({
  groups: [{ match: "backbone.**", learningRate: 1e-4 }, { learningRate: 2e-4 }],
  weightDecay: 1e-4,
  clipNorm: 0.1,
});
const size = { width: 64, height: 64 };
const transforms = { training: fixedSize(size, { training: true }), evaluation: fixedSize(size, { training: false }) };
const { records } = await train({
  model,
  criterion,
  optimizer,
  data: { training, validation },
  transforms,
  detector,
  output: "runs/mine",
  epochs: 2,
});
console.log(records.map(({ loss, metrics }) => [loss, metrics?.AP50]));
