import { fixedSize, openDataset } from "@detrkit/datasets";
import { createDetector, type DeformableDetrSettings, type DetectorConfig, presets } from "@detrkit/detr";
import { AdamW } from "@detrkit/optim";
import { focalCriterion, softmaxCriterion } from "../src/detectors/set-losses.ts";
import { train } from "../src/train.ts";
import type { TrainingData, TrainingOutcome, TrainOptions } from "../src/train-options.ts";
import { detector as tinyDetr, size } from "./tiny-run.ts";

const masks = { contextDim: 64, heads: 8 };

/** A DETR with masks of 8×8 cells, with dropout. */
export const maskedDetr: DetectorConfig = { ...tinyDetr, masks, numClasses: 3 };

const { backbone, transformer, ...preset } = presets["deformable-detr-small"];
/** A Deformable DETR with the same. */
export const maskedDeformableDetr: DeformableDetrSettings = {
  ...preset,
  backbone: { ...backbone, returnStages: [2, 3], width: 4, stem: "3x3pool" },
  transformer: {
    ...transformer,
    dim: 32,
    heads: 2,
    encoderLayers: 1,
    decoderLayers: 2,
    feedForwardDim: 11,
    dropout: 0.1,
    encoderPoints: 2,
    decoderPoints: 2,
  },
  featureLevels: 2,
  masks,
  numClasses: 3,
  numQueries: 5,
};

const spec = "shapes:count=5,validation=3,size=32,smallest=8,largest=16,objects=2,classes=2,stuff=1";
const training = await openDataset(spec, { masks: true });

/** Images of two kinds of shapes, whose background is stuff. */
export const maskedData: Required<TrainingData> = {
  training,
  validation: await openDataset(spec, { split: "val", classes: training.classes, masks: true }),
};

/** Trains a detector with masks anew, or the given model: three steps an epoch. */
export async function trainMasks(
  config: DetectorConfig,
  options: Partial<TrainOptions> = {},
  learningRate = 1e-3,
): Promise<TrainingOutcome> {
  const model = options.model ?? createDetector(config, { seed: 3 });
  const optimizer = new AdamW({ groups: [{ learningRate }], clipNorm: 0.1 });
  const criterionOf = config.model === "detr" ? softmaxCriterion : focalCriterion;
  // Points are drawn: resumed runs have to draw the same ones.
  const criterion = criterionOf({ maskPoints: 12 }, config);
  const transforms = {
    training: fixedSize(size, { training: true }),
    evaluation: fixedSize(size, { training: false }),
  };
  try {
    const usual = { data: maskedData, detector: config, transforms, batchSize: 2, epochs: 2 };
    return await train({ criterion, optimizer, ...usual, ...options, model });
  } finally {
    optimizer.dispose();
    if (options.model === undefined) model.dispose();
  }
}
