import { join } from "node:path";
import { saveCheckpoint } from "@detrkit/checkpoint";
import { Random } from "@detrkit/common";
import { batchCount, type Dataset, loadPixels } from "@detrkit/datasets";
import { listDetections } from "@detrkit/detr";
import { decodeImage, encodePng } from "@detrkit/image";
import { drawPredictions, evaluateDetector, loadDetector, prepareImage } from "@detrkit/train";
import { dispose } from "@tensorflow/tfjs-core";
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

  /** @param folder - where checkpoints go, one over the other */
  constructor({ classes, folder, seed }: { readonly classes: readonly string[]; readonly folder: string; readonly seed: number }) {
    this.#models = soakedPresets.map((preset) => new TrainedModel(preset, classes));
    this.#folder = folder;
    this.#random = new Random(seed);
  }

  /** One round of every model, over images of sizes that were hardly there before. @returns batches that went through a model */
  async run(signal: AbortSignal): Promise<number> {
    let done = 0;
    for (const [index, model] of this.#models.entries()) {
      if (signal.aborted) break;
      const dataset = await imagesOfManySizes(imagesOfRound, this.#random);
      done += await model.train(dataset, batchSize);
      await evaluateDetector({ detector: model.detector, dataset, batchSize });
      done += batchCount(dataset.length, { batchSize });
      done += await this.#predict(model, dataset, join(this.#folder, `${index}.safetensors`));
    }
    return done;
  }

  /** What `predict` does, from the weights as a file gives them. */
  async #predict({ detector }: TrainedModel, { records }: Dataset, checkpoint: string): Promise<number> {
    const { detector: config, categories, transforms } = detector.description;
    const metadata = { classes: categories.map(({ name }) => name), categoryIds: categories.map(({ id }) => id), config: { detector: config, transforms } };
    await saveCheckpoint(checkpoint, { model: detector.model, metadata });
    const loaded = await loadDetector(checkpoint);
    try {
      for (const record of records.slice(0, predictedOfRound)) {
        const image = await decodeImage(await encodePng(await loadPixels(record.source, record.name, record)));
        const batch = prepareImage(image, transforms);
        const [found] = await loaded.detect(batch, [image]).finally(() => dispose([batch.images, batch.mask]));
        if (found !== undefined) await drawPredictions(image, listDetections(found, { categories }));
      }
    } finally {
      loaded.model.dispose();
    }
    return predictedOfRound;
  }

  dispose(): void {
    for (const model of this.#models) model.dispose();
  }
}
