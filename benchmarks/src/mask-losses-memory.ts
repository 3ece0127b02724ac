// What mask losses take at 800×1066, two images of 20 objects: docs/memory.md has the figures. A process for each
// number of points, 0 being all pixels: node --conditions=@detrkit/source benchmarks/src/mask-losses-memory.ts 12544
import { startBackend } from "@detrkit/backend";
import { Random } from "@detrkit/common";
import { Module, Parameter } from "@detrkit/nn";
import { type LossWithTerms, Sgd } from "@detrkit/optim";
import { focalCriterion } from "@detrkit/training";
import { memory, ones, profile, randomUniform, type Rank, type Tensor4D } from "@tensorflow/tfjs-core";
import { extraPeakMemoryMb } from "./ours/peak-memory.ts";

const images = 2;
const objects = 20;
const height = 800;
const width = 1066;

/** The mask logits of all matched queries, at a quarter of the images' size: all that is trained here. */
class Masks extends Module {
  readonly logits = new Parameter(
    randomUniform([images, objects, Math.ceil(height / 4), Math.ceil(width / 4)], -3, 3, "float32", 1),
  );
}

const maskPoints = Number(process.argv[2]);
const { name: backend } = await startBackend({});
const random = new Random(1);
const masks = new Masks();
const criterion = focalCriterion({ maskPoints }, { masks: {} });
const optimizer = new Sgd({ groups: [{ learningRate: 0 }] });
const logits = ones<Rank.R3>([images, objects, 1]);
const boxes = randomUniform<Rank.R3>([images, objects, 4], 0.2, 0.4, "float32", 2);
const targets = Array.from({ length: images }, () => ({
  labels: new Int32Array(objects),
  boxes: Float32Array.from({ length: objects * 4 }, () => random.uniform(0.2, 0.4)),
  masks: { height, width, data: Uint8Array.from({ length: objects * height * width }, (_, at) => (at >> 6) % 2) },
}));
const prediction = { logits, boxes, masks: masks.logits.value as Tensor4D };
const lossOf = (): LossWithTerms => criterion.call(prediction, targets, { random });
const step = async (): Promise<void> => {
  await optimizer.step(masks, lossOf);
};

const residentMb = await extraPeakMemoryMb(step);
const before = memory().numBytes;
const { peakBytes } = await profile(async () => {
  await step();
  return logits;
});
const started = performance.now();
await step();
const seconds = (performance.now() - started) / 1000;
process.stdout.write(
  `${JSON.stringify({ backend, maskPoints, tensorsMb: (peakBytes - before) / 2 ** 20, residentMb, seconds })}\n`,
);
