import { rmSync } from "node:fs";
import { startBackend } from "@detrkit/backend";
import { createDetector, type DetectorConfig } from "@detrkit/detr";
import { resolveConfig, train } from "@detrkit/train";
import { parameterCounts } from "./parameter-counts.ts";
import { serveIterations } from "./serve-iterations.ts";

interface ThroughputSettings {
  readonly preset: string;
  readonly spec: string;
  readonly output: string;
  readonly batchSize: number;
  readonly width: number;
  readonly height: number;
  readonly learningRate: number;
  readonly model: DetectorConfig;
}

/** Holds a run at the end of each epoch until the next one is asked for. */
class EpochGate {
  #open = (): void => {};
  #ended = (): void => {};
  #failed: (error: unknown) => void = () => {};

  /** What `train` waits for after an epoch. */
  async wait(): Promise<void> {
    const opened = new Promise<void>((resolve) => {
      this.#open = resolve;
    });
    this.#ended();
    await opened;
  }

  fail(error: unknown): void {
    this.#failed(error);
  }

  /** Lets the run go on, to the end of its next epoch. */
  async next(): Promise<void> {
    const ended = new Promise<void>((resolve, reject) => {
      this.#ended = resolve;
      this.#failed = reject;
    });
    this.#open();
    await ended;
  }
}

/** The run of `detrkit train`, an epoch at a time. */
await serveIterations(async (settings: ThroughputSettings) => {
  const { name } = await startBackend();
  const { preset, spec, output, batchSize, width, height, learningRate } = settings;
  const config = resolveConfig({
    preset,
    data: spec,
    output,
    batchSize,
    learningRate,
    epochs: 10_000,
    transforms: { kind: "fixed", size: `${width}x${height}`, flips: "horizontal" },
    // Without an evaluation that comes: what is timed is training.
    validation: { data: spec, split: "train" },
    evaluation: { every: 0 },
  });
  process.once("exit", () => rmSync(output, { recursive: true, force: true }));
  const counts = parameterCounts(createDetector(settings.model));
  const gate = new EpochGate();
  let steps = 0;
  train(config, "overwrite", {
    afterEpoch: async ({ record }) => {
      steps = record.step / record.epoch;
      await gate.wait();
    },
  }).catch((error: unknown) => gate.fail(error));
  await gate.next();
  return { facts: { backend: name, ...counts, steps }, iterate: () => gate.next() };
});
