import { startBackend } from "@detrkit/backend";
import {
  batches,
  type BatchesOptions,
  type DetectionBatch,
  detrTraining,
  ImageWorkers,
  openDataset,
} from "@detrkit/datasets";
import { serveIterations } from "./serve-iterations.ts";

interface DataSettings {
  readonly spec: string;
  readonly batchSize: number;
  readonly seed: number;
  readonly epochs: number;
  readonly workers: number;
}

/** An epoch of batches, as tensors of the backend that training uses. */
await serveIterations(async ({ spec, batchSize, seed, epochs, workers: threads }: DataSettings) => {
  await startBackend();
  const dataset = await openDataset(spec);
  const workers = new ImageWorkers(threads);
  const run = async (epoch: number, visit: (batch: DetectionBatch) => void): Promise<void> => {
    const options: BatchesOptions = { transforms: detrTraining, batchSize, seed, epoch, shuffle: true, workers };
    for await (const batch of batches(dataset, options)) visit(batch);
  };
  let [pixels, boxes, sum] = [0, 0, 0];
  await run(0, ({ images, targets }) => {
    const values = images.images.dataSync<"float32">();
    pixels += values.length;
    boxes += targets.reduce((count, { labels }) => count + labels.length, 0);
    for (const value of values) sum += value;
  });
  let next = 0;
  return {
    // JPEG decoders may round differently, so the mean is there to be seen, not to be equal.
    facts: { values: pixels, boxes, meanValueOurs: (sum / pixels).toFixed(4) },
    // Timed here: the processor time of the process would hold that of our workers, the peer's not that of its.
    iterate: async () => {
      const started = performance.now();
      await run(next++ % epochs, () => {});
      return { ms: performance.now() - started };
    },
  };
});
