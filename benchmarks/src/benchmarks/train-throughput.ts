import { join } from "node:path";
import { openDataset } from "@detrkit/datasets";
import { presets } from "@detrkit/detr";
import { detrTraining } from "@detrkit/image";
import type { Benchmark } from "../benchmark.ts";
import { photographSet } from "../photograph-set.ts";

const preset = "deformable-detr-small";
const images = 64;
const batchSize = 4;
const [width, height] = [320, 240];

export const trainThroughput: Benchmark = {
  name: "train-throughput",
  title: `detrkit train with ${preset}: an epoch of ${images} JPEGs of 640×480, from the files to the checkpoint`,
  peerName: "Hugging Face's model, torch DataLoader with Pillow, PyTorch eager",
  ours: "train-throughput.ts",
  peer: "train_throughput.py",
  runs: 7,
  quickRuns: 2,
  warmups: 1,
  overall: "worst",
  cases: async ({ cache }) => {
    const { annotations, folder } = await photographSet(cache, images);
    const spec = `coco:${annotations},images=${folder}`;
    const learningRate = 2e-4;
    return [
      {
        name: `${width}x${height}, batch ${batchSize}`,
        settings: {
          preset,
          spec,
          output: join(cache, "benchmarks", `run-${process.pid}`),
          batchSize,
          width,
          height,
          learningRate,
          // What the peer is told of it.
          model: presets[preset],
          images: await listOf(spec),
          peerWorkers: 1,
          backboneLearningRate: learningRate,
          locationLearningRate: learningRate * 0.1,
        },
        describe: (medianMs) => `${((images * 1000) / medianMs).toFixed(1)} images/s`,
      },
    ];
  },
};

/** Files, boxes and labels, for a peer that knows no COCO. */
async function listOf(spec: string): Promise<unknown> {
  const { records } = await openDataset(spec);
  return {
    ...detrTraining.normalisation,
    images: records.map(({ source, boxes, labels }) => ({
      path: String(source),
      boxes: [...boxes],
      labels: [...labels],
    })),
  };
}
