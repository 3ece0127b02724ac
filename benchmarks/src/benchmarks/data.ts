import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Random } from "@detrkit/common";
import { batchOrder, type Dataset, openDataset } from "@detrkit/datasets";
import { detrTraining, type ImageOperation, planTransforms } from "@detrkit/image";
import type { Benchmark } from "../benchmark.ts";
import { photographSet } from "../photograph-set.ts";

const images = 32;
const batchSize = 2;
const seed = 1;
/** Epochs that are drawn; iterations go through them again and again. */
const epochs = 4;

export const data: Benchmark = {
  name: "data",
  title:
    `batches of ${batchSize} from 640×480 JPEGs with DETR's training recipe, ` +
    `an epoch of ${images} images, 2 workers`,
  peerName: "torch DataLoader and Pillow",
  ours: "data.ts",
  peer: "data.py",
  runs: 11,
  quickRuns: 4,
  warmups: 2,
  overall: "worst",
  cases: async ({ cache }) => {
    const { annotations, folder } = await photographSet(cache, images);
    const spec = `coco:${annotations},images=${folder}`;
    const plan = join(folder, "plan.json");
    await writeFile(plan, JSON.stringify(planOf(await openDataset(spec))));
    return [
      {
        name: `${images} images`,
        settings: { spec, plan, batchSize, seed, epochs, workers: 2 },
        describe: (medianMs) => `${((images * 1000) / medianMs).toFixed(1)} images/s`,
      },
    ];
  },
};

/** What `batches` does to which image in which batch, so that the peer can do exactly the same. */
function planOf(dataset: Dataset): unknown {
  return {
    ...detrTraining.normalisation,
    images: dataset.records.map(({ source, boxes, labels }) => ({
      path: String(source),
      boxes: [...boxes],
      labels: [...labels],
    })),
    epochs: Array.from({ length: epochs }, (_, epoch) =>
      batchOrder(dataset.length, { batchSize, seed, epoch, shuffle: true }).map((batch) =>
        batch.map((index) => {
          const { width = 0, height = 0 } = dataset.records[index] ?? {};
          const draws = new Random(seed).fork("transforms", epoch, index);
          const { operations } = planTransforms(detrTraining.steps, { width, height }, draws);
          return { image: index, operations: operations.map(peerOperation) };
        }),
      ),
    ),
  };
}

/** An operation of DETR's recipe as the peer is told. */
function peerOperation({ transform, plan }: ImageOperation): unknown {
  const { size, ...place } = plan;
  const kinds: Readonly<Record<string, string>> = {
    horizontalFlip: "flipHorizontally",
    resize: "resize",
    randomSizeCrop: "crop",
  };
  return { kind: kinds[transform.kind], ...size, ...place };
}
