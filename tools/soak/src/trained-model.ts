import { Random } from "@detrkit/common";
import { batches, type Dataset, type ImageWorkers } from "@detrkit/datasets";
import { createDetector, presets } from "@detrkit/detr";
import { imagenetNormalisation, type TransformRecipe } from "@detrkit/image";
import { Detector } from "@detrkit/inference";
import { AdamW } from "@detrkit/optim";
import { type Criterion, deformableDetr, detr } from "@detrkit/training";

export type SoakedPreset = "detr-small" | "deformable-detr-small";
const criteria: Readonly<Record<SoakedPreset, Criterion>> = {
  "detr-small": detr.criterion({}),
  "deformable-detr-small": deformableDetr.criterion({}),
};
export const soakedPresets: readonly SoakedPreset[] = ["detr-small", "deformable-detr-small"];

/** Images keep the sizes that they have. */
const transforms: TransformRecipe = { steps: [], normalisation: imagenetNormalisation };

/** A detector that is being trained. */
export class TrainedModel {
  readonly detector: Detector;
  readonly #criterion: Criterion;
  readonly #optimizer = new AdamW({ groups: [{ learningRate: 1e-5 }], weightDecay: 1e-4, clipNorm: 0.1 });
  readonly #random = new Random(1);

  constructor(preset: SoakedPreset, classes: readonly string[]) {
    const config = { ...presets[preset], numClasses: classes.length };
    const categories = classes.map((name, label) => ({ id: label + 1, name }));
    this.detector = new Detector({
      model: createDetector(config, { seed: 1 }),
      description: { detector: config, categories, transforms },
    });
    this.#criterion = criteria[preset];
  }

  /** One epoch over the images. @returns how many batches these were */
  async train(
    dataset: Dataset,
    reading: { readonly batchSize: number; readonly workers: ImageWorkers },
  ): Promise<number> {
    const { model } = this.detector;
    let count = 0;
    for await (const { images, targets } of batches(dataset, { ...reading, transforms, shuffle: true })) {
      await this.#optimizer.step(model, () =>
        this.#criterion.call(model.call(images, { training: true, random: this.#random }), targets),
      );
      count += 1;
    }
    return count;
  }

  dispose(): void {
    this.#optimizer.dispose();
    this.detector.dispose();
  }
}
