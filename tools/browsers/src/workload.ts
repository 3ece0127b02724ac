import { Random } from "@detrkit/common";
import {
  boxL1,
  type CriterionResult,
  focalClassification,
  generalizedIou,
  type LossTerm,
  SetCriterion,
  softmaxClassification,
} from "@detrkit/criterion";
import { createDetector, type DetectionModel, type DetectorConfig, type DetrOutput, presets } from "@detrkit/detr";
import {
  boxL1 as boxL1Cost,
  classProbability,
  focalClass,
  generalizedIou as generalizedIouCost,
  HungarianMatcher,
  type MatchCost,
} from "@detrkit/matcher";
import { type PaddedBatch, paddingMaskOf } from "@detrkit/nn";
import { AdamW } from "@detrkit/optim";
import {
  add,
  dispose,
  mean,
  square,
  type Tensor,
  type TensorContainer,
  tensor3d,
  tensor4d,
} from "@tensorflow/tfjs-core";

/** The presets that are run, with narrower layers: plain JavaScript takes minutes for a training step of the whole. */
export const modelNames = ["detr-small", "deformable-detr-small"] as const;
export type ModelName = (typeof modelNames)[number];

/**
 * What is run: `predictions` the forward pass; `training` two steps with the losses that the model is trained with;
 * `gradients` the same with a loss that needs no matching, for backends whose tensors can't be read synchronously.
 */
export type Work = "predictions" | "training" | "gradients";

/** Numbers by name: what two backends are compared by. */
export type Numbers = ReadonlyMap<string, Float32Array>;

/** Two images of different sizes, so that there is padding. No size is a multiple of a stride. */
const sizes = [
  { height: 48, width: 65 },
  { height: 63, width: 40 },
];
const padded = { height: 63, width: 65 };
const targets = [
  { labels: Int32Array.of(0, 2), boxes: Float32Array.of(0.3, 0.4, 0.2, 0.3, 0.7, 0.6, 0.3, 0.5) },
  { labels: Int32Array.of(1), boxes: Float32Array.of(0.5, 0.5, 0.6, 0.4) },
];

const classTerms: Readonly<Record<DetectorConfig["model"], { readonly cost: MatchCost; readonly loss: LossTerm }>> = {
  detr: {
    cost: classProbability({ weight: 1 }),
    loss: softmaxClassification({ weight: 1, noObjectWeight: 0.1 }),
  },
  "deformable-detr": { cost: focalClass({ weight: 2 }), loss: focalClassification({ weight: 2 }) },
};

/** A preset with narrow layers and few queries. */
export function narrow(name: ModelName): DetectorConfig {
  const { backbone, transformer, ...rest } = presets[name];
  return {
    ...rest,
    backbone: { ...backbone, width: 8 },
    transformer: { ...transformer, dim: 32, feedForwardDim: 48 },
    numQueries: 11,
  } as DetectorConfig;
}

/** Runs a model of seeded weights on the running backend. */
export async function run(config: DetectorConfig, work: Work): Promise<Numbers> {
  const model = createDetector(config, { seed: 3 });
  const batch = twoImages();
  try {
    if (work === "predictions") return await predictions(model, batch);
    return await trainingSteps(model, batch, work === "training" ? setLoss(config) : meanSquares);
  } finally {
    dispose([batch.images, batch.paddingMask]);
    model.dispose();
  }
}

/** The logits and boxes of all decoder layers. */
async function predictions(model: DetectionModel, batch: PaddedBatch): Promise<Numbers> {
  const output = model.call(batch);
  try {
    const { logits, boxes } = output.stacked;
    return new Map([
      ["logits", await logits.data<"float32">()],
      ["boxes", await boxes.data<"float32">()],
    ]);
  } finally {
    dispose(output as unknown as TensorContainer);
  }
}

/** The losses of two steps, and the first one's gradients by their parameters' paths. */
async function trainingSteps(
  model: DetectionModel,
  batch: PaddedBatch,
  loss: (output: DetrOutput) => Tensor | CriterionResult,
): Promise<Numbers> {
  const optimizer = new AdamW({ groups: [{ learningRate: 1e-4 }] });
  const random = new Random(2);
  const step = () => optimizer.step(model, () => loss(model.call(batch, { training: true, random })));
  try {
    const first = await step();
    // After one step AdamW's first moments are a tenth of the gradients.
    const gradients = [...(await optimizer.readState())]
      .filter(([key]) => key.startsWith("first/"))
      .map(([key, { values }]) => [key.slice("first/".length), Float32Array.from(values, (m) => m * 10)] as const);
    const second = await step();
    return new Map([["losses", Float32Array.of(first.loss, second.loss)], ...gradients]);
  } finally {
    optimizer.dispose();
  }
}

function setLoss({ model }: DetectorConfig): (output: DetrOutput) => CriterionResult {
  const { cost, loss } = classTerms[model];
  const criterion = new SetCriterion({
    matcher: new HungarianMatcher({ costs: [cost, boxL1Cost({ weight: 5 }), generalizedIouCost({ weight: 2 })] }),
    losses: [loss, boxL1({ weight: 5 }), generalizedIou({ weight: 2 })],
  });
  return (output) => criterion.call(output, targets);
}

function meanSquares({ stacked: { logits, boxes } }: DetrOutput): Tensor {
  return add(mean(square(logits)), mean(square(boxes)));
}

function twoImages(): PaddedBatch {
  const random = new Random(1);
  const paddingMask = paddingMaskOf(sizes, padded);
  const pixels = Float32Array.from({ length: paddingMask.length * 3 }, (_, index) =>
    paddingMask[Math.floor(index / 3)] === 1 ? 0 : random.uniform(-2, 2),
  );
  const shape: [number, number, number] = [sizes.length, padded.height, padded.width];
  return { images: tensor4d(pixels, [...shape, 3]), paddingMask: tensor3d(paddingMask, shape, "bool"), sizes };
}
