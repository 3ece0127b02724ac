import { readSafetensors } from "@detrkit/checkpoint";
import type { ImageSize } from "@detrkit/common";
import { boxL1, generalizedIou, SetCriterion, softmaxClassification } from "@detrkit/criterion";
import { fixedSize, openDataset } from "@detrkit/datasets";
import { createDetector, type DetectorConfig, presets } from "@detrkit/detr";
import { boxL1 as boxL1Cost, classProbability, HungarianMatcher } from "@detrkit/matcher";
import { AdamW } from "@detrkit/optim";
import { runFiles } from "../src/run-files.ts";
import { train } from "../src/train.ts";
import type {
  Criterion,
  TrainingData,
  TrainingOutcome,
  TrainingTransforms,
  TrainOptions,
} from "../src/train-options.ts";

export const size: ImageSize = { width: 32, height: 32 };
export const transforms = {
  training: fixedSize(size, { training: true }),
  evaluation: fixedSize(size, { training: false }),
} satisfies TrainingTransforms;
const { backbone, transformer, ...preset } = presets["detr-small"];
const layers = { encoderLayers: 1, decoderLayers: 2 };
/** With dropout and a number that the loss draws, so that all that is random takes part. */
export const detector: DetectorConfig = {
  ...preset,
  backbone: { ...backbone, width: 4, stem: "3x3pool" },
  transformer: { ...transformer, dim: 16, heads: 2, ...layers, feedForwardDim: 11, dropout: 0.1 },
  numClasses: 2,
  numQueries: 5,
};

const spec = "shapes:count=5,validation=3,size=32,smallest=8,largest=16,objects=2,classes=2";
const training = await openDataset(spec, { split: "train" });

/** Five images to train on and three to measure on. */
export const data: Required<TrainingData> = {
  training,
  validation: await openDataset(spec, { split: "val", classes: training.classes }),
};

/** Trains parts that are built for it, as after a start of the program: three steps an epoch. */
export async function trainAnew(options: Partial<TrainOptions>, learningRate = 1e-3): Promise<TrainingOutcome> {
  const model = createDetector(detector, { seed: 3 });
  const optimizer = new AdamW({ groups: [{ learningRate }], clipNorm: learningRate < 1 ? 0.1 : 0 });
  const losses = new SetCriterion({
    matcher: new HungarianMatcher({ costs: [classProbability({ weight: 1 }), boxL1Cost({ weight: 5 })] }),
    losses: [softmaxClassification({ noObjectWeight: 0.1 }), boxL1({ weight: 5 }), generalizedIou({ weight: 2 })],
  });
  const criterion: Criterion = {
    call: (prediction, targets, { random } = {}) => {
      if (random === undefined) throw new Error("the loss got no random numbers");
      const { loss, terms } = losses.call(prediction, targets);
      return { loss, terms: { ...terms, drawn: random.uniform() } };
    },
  };
  try {
    const usual = { data, detector, transforms, batchSize: 2, epochs: 3 };
    return await train({ model, criterion, optimizer, ...usual, ...options });
  } finally {
    optimizer.dispose();
    model.dispose();
  }
}

/** Weights and the optimiser's state of a run, by name. */
export async function finalState(output: string): Promise<ReadonlyMap<string, unknown>> {
  const { tensors } = await readSafetensors(runFiles(output).lastCheckpoint);
  return new Map([...tensors].toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

/** What of an outcome does not depend on the clock or the machine. */
export function numbersOf({ records }: Pick<TrainingOutcome, "records">): unknown[] {
  return records.map(({ epoch, step, loss, terms, gradientNorm, learningRate, metrics }) => [
    [epoch, step, loss, gradientNorm, learningRate],
    [terms, metrics],
  ]);
}
