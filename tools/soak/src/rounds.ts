import { join } from "node:path";
import { saveCheckpoint } from "@detrkit/checkpoint";
import { Random } from "@detrkit/common";
import { batchCount, type Dataset, ImageWorkers, loadPixels } from "@detrkit/datasets";
import { decodeImage, encodePng } from "@detrkit/image";
import { descriptionMetadata, loadDetector } from "@detrkit/inference";
import { drawPredictions } from "@detrkit/train";
import { evaluateDetector } from "@detrkit/training";
import { imagesOfManySizes } from "./images.ts";
import { soakedPresets, TrainedModel } from "./trained-model.ts";

const imagesOfRound = 24;
const batchSize = 2;
const predictedOfRound = 2;

/** What a process that lives long does, over and over: train, evaluate, save, load, predict. */
export class Rounds {
  readonly #models: readonly TrainedModel[];
  readonly #folder: string;
  readonly #random: Random;
  /** Of all rounds, as a training shares its own among its epochs. */
  readonly #workers = new ImageWorkers(1);

  /** @param folder - where checkpoints go, one over the other */
  constructor({
    classes,
    folder,
    seed,
  }: {
    readonly classes: readonly string[];
    readonly folder: string;
    readonly seed: number;
  }) {
    this.#models = soakedPresets.map((preset) => new TrainedModel(preset, classes));
    this.#folder = folder;
    this.#random = new Random(seed);
  }

  /**
   * One round of every model, over images of sizes that were hardly there before. @returns batches that went through a
   * model
   */
  async run(signal: AbortSignal): Promise<number> {
    let done = 0;
    for (const [index, model] of this.#models.entries()) {
      if (signal.aborted) break;
      const dataset = await imagesOfManySizes(imagesOfRound, this.#random);
      done += await model.train(dataset, { batchSize, workers: this.#workers });
      await evaluateDetector({ detector: model.detector, dataset, batchSize, workers: this.#workers });
      done += batchCount(dataset.length, { batchSize });
      done += await this.#predict(model, dataset, join(this.#folder, `${index}.safetensors`));
    }
    return done;
  }

  /** What `predict` does, from the weights as a file gives them. */
  async #predict({ detector }: TrainedModel, { records }: Dataset, checkpoint: string): Promise<number> {
    await saveCheckpoint(checkpoint, { model: detector.model, metadata: descriptionMetadata(detector.description) });
    const loaded = await loadDetector(checkpoint);
    try {
      for (const record of records.slice(0, predictedOfRound)) {
        const image = await decodeImage(await encodePng(await loadPixels(record)));
        const { detections } = await loaded.detect(image, { threshold: 0 });
        await drawPredictions(image, detections);
      }
    } finally {
      loaded.dispose();
    }
    return predictedOfRound;
  }

  async close(): Promise<void> {
    await this.#workers.close();
    for (const model of this.#models) model.dispose();
  }
}
