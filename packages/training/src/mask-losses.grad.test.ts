import { Random } from "@detrkit/common";
import { batches, fixedSize, openDataset } from "@detrkit/datasets";
import { createDetector, type DetectorConfig } from "@detrkit/detr";
import { AdamW } from "@detrkit/optim";
import { useBackend } from "@detrkit/test-utils";
import { expect, test } from "vitest";
import { maskedDeformableDetr, maskedDetr } from "../test-support/masked-run.ts";
import { focalCriterion, softmaxCriterion } from "./detectors/set-losses.ts";

useBackend("native");

const without = { dropout: 0 };
const detr = { ...maskedDetr, transformer: { ...maskedDetr.transformer, ...without } } as DetectorConfig;
const deformable = {
  ...maskedDeformableDetr,
  transformer: { ...maskedDeformableDetr.transformer, ...without },
} as DetectorConfig;

// Large shapes: masks have a cell for 4 × 4 pixels, and what a cell cannot say about a small shape stays in the loss.
const spec = "shapes:count=2,size=64,smallest=28,largest=44,objects=2,classes=2,stuff=1,noise=0";

test.each([
  ["DETR", detr, softmaxCriterion({ maskPoints: 0 }, detr)],
  ["Deformable DETR", deformable, focalCriterion({ maskPoints: 0 }, deformable)],
] as const)(
  "steps on one batch take the mask losses of %s to a tenth",
  async (_, config, criterion) => {
    const model = createDetector(config, { seed: 1 });
    const optimizer = new AdamW({ groups: [{ learningRate: 2e-3 }], weightDecay: 0, clipNorm: 0.1 });
    const transforms = fixedSize({ width: 64, height: 64 }, { training: false });
    const dataset = await openDataset(spec, { masks: true });
    for await (const { images, targets } of batches(dataset, { batchSize: 2, transforms, masks: true, workers: 0 })) {
      const step = async (index: number): Promise<number> => {
        const random = new Random(index);
        const compute = () => criterion.call(model.call(images, { training: true, random }), targets, { random });
        const { terms } = await optimizer.step(model, compute);
        return (terms["maskFocal"] as number) + (terms["maskDice"] as number);
      };
      const first = await step(0);
      let last = first;
      let steps = 1;
      for (; steps < 600 && last > first / 10; steps++) last = await step(steps);
      expect(last).toBeLessThanOrEqual(first / 10);
    }
    optimizer.dispose();
    model.dispose();
  },
  300_000,
);
