// Pictures from memory and your own transform between detrkit's, in a training: nothing of detrkit is edited.
import { startBackend } from "@detrkit/backend";
import { boxL1, generalizedIou, SetCriterion, softmaxClassification } from "@detrkit/criterion";
import { fixedSize, horizontalFlip, openDataset } from "@detrkit/datasets";
import { createDetector } from "@detrkit/detr";
import { boxL1 as boxL1Cost, classProbability, HungarianMatcher } from "@detrkit/matcher";
import { AdamW } from "@detrkit/optim";
import { train } from "@detrkit/training";
import { quarterTurn } from "./parts/quarter-turn.ts";

await startBackend();
const spec = `module:${import.meta.dirname}/parts/bars.ts`;
const [training, validation] = [await openDataset(spec), await openDataset(spec, { split: "val" })];
const model = createDetector("detr-small", { numClasses: training.classes.length });
const matcher = new HungarianMatcher({ costs: [classProbability({ weight: 1 }), boxL1Cost({ weight: 5 })] });
const losses = [softmaxClassification({ noObjectWeight: 0.1 }), boxL1({ weight: 5 }), generalizedIou({ weight: 2 })];
const criterion = new SetCriterion({ matcher, losses });
const optimizer = new AdamW({ groups: [{ learningRate: 1e-4 }], clipNorm: 0.1 });
const evaluation = fixedSize({ width: 64, height: 64 }, { training: false });
const steps = [horizontalFlip({ probability: 0.5 }), quarterTurn({ probability: 0.5 }), ...evaluation.steps];
const transforms = { training: { ...evaluation, steps }, evaluation };
const { records } = await train({ model, criterion, optimizer, data: { training, validation }, transforms });
console.log(records.map(({ loss, metrics }) => [loss, metrics?.AP50]));
