import { Random } from "@detrkit/common";
import {
  boxL1,
  focalClassification,
  generalizedIou,
  type PredictionLoss,
  SetCriterion,
  softmaxClassification,
} from "@detrkit/criterion";
import { batches, type Dataset } from "@detrkit/datasets";
import { createDetector, presets } from "@detrkit/detr";
import { imagenetNormalisation, type TransformRecipe } from "@detrkit/image";
import { Detector } from "@detrkit/inference";
import {
  boxL1 as boxL1Cost,
  classProbability,
  focalClass,
  generalizedIou as generalizedIouCost,
  HungarianMatcher,
  type MatchCost,
} from "@detrkit/matcher";
import { AdamW } from "@detrkit/optim";

const presetNames = ["detr-small", "deformable-detr-small"] as const;
export type SoakedPreset = (typeof presetNames)[number];
export const soakedPresets: readonly SoakedPreset[] = presetNames;

/** Images keep the sizes that they have. */
const transforms: TransformRecipe = { steps: [], normalisation: imagenetNormalisation };

const classification: Readonly<Record<SoakedPreset, { readonly cost: MatchCost; readonly loss: PredictionLoss }>> = {
  "detr-small": { cost: classProbability(1), loss: softmaxClassification() },
  "deformable-detr-small": { cost: focalClass(2), loss: focalClassification({ weight: 2 }) },
};

/** A detector that is being trained. */
export class TrainedModel {
  readonly detector: Detector;
  readonly #criterion: SetCriterion;
  readonly #optimizer = new AdamW({ groups: [{ learningRate: 1e-5 }], weightDecay: 1e-4, clipNorm: 0.1 });
  readonly #random = new Random(1);

  constructor(preset: SoakedPreset, classes: readonly string[]) {
    const config = { ...presets[preset], numClasses: classes.length };
    const categories = classes.map((name, label) => ({ id: label + 1, name }));
    this.detector = new Detector({
      model: createDetector(config, { seed: 1 }),
      description: { detector: config, categories, transforms },
    });
    const { cost, loss } = classification[preset];
    this.#criterion = new SetCriterion({
      matcher: new HungarianMatcher({ costs: [cost, boxL1Cost(5), generalizedIouCost(2)] }),
      losses: [loss, boxL1({ weight: 5 }), generalizedIou({ weight: 2 })],
    });
  }

  /** One epoch over the images. @returns how many batches these were */
  async train(dataset: Dataset, batchSize: number): Promise<number> {
    const { model } = this.detector;
    let count = 0;
    for await (const { images, targets } of batches(dataset, { batchSize, transforms, shuffle: true, workers: 0 })) {
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
