import { startBackend } from "@detrkit/backend";
import { BackendError, Random } from "@detrkit/common";
import { boxL1, focalClassification, generalizedIou, SetCriterion, softmaxClassification } from "@detrkit/criterion";
import { createDetector, type DetectorConfig, presets } from "@detrkit/detr";
import {
  boxL1 as boxL1Cost,
  classProbability,
  focalClass,
  generalizedIou as generalizedIouCost,
  HungarianMatcher,
} from "@detrkit/matcher";
import { AdamW } from "@detrkit/optim";
import { dispose, memory, tensor3d, tensor4d } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";

const [batch, height, width, learningRate] = [2, 64, 96, 1e-3];
/** Columns of the second image; what is right of them is padding. */
const shown = 72;
const boxes = [
  [0.3, 0.4, 0.2, 0.3],
  [0.7, 0.5, 0.3, 0.4],
  [0.5, 0.6, 0.4, 0.2],
];
const targets = [
  { labels: Int32Array.of(0, 2, 1), boxes: Float32Array.from(boxes.flat()) },
  { labels: Int32Array.of(), boxes: Float32Array.of() },
];

interface Steps {
  readonly losses: readonly number[];
  readonly norms: readonly number[];
  /** What each step left beside what was there before it. */
  readonly newTensors: readonly number[];
  readonly weights: ReadonlyMap<string, Float32Array>;
}

/**
 * Three whole training steps of a model on two images from the same seeds, with dropout and padding; one of them shows
 * nothing.
 */
async function stepsOn(backend: "wasm" | "native", config: DetectorConfig): Promise<Steps> {
  await startBackend({ prefer: backend });
  const random = new Random(1);
  const pixels = Float32Array.from({ length: batch * height * width * 3 }, () => 4 * random.uniform() - 2);
  const paddingMask = tensor3d(
    Array.from({ length: batch * height * width }, (_, index) =>
      Number(index >= height * width && index % width >= shown),
    ),
    [batch, height, width],
    "bool",
  );
  const images = {
    images: tensor4d(pixels, [batch, height, width, 3]),
    paddingMask,
    sizes: [
      { height, width },
      { height, width: shown },
    ],
  };
  const model = createDetector(config);
  const [classCost, classLoss] =
    config.model === "detr"
      ? [classProbability({ weight: 1 }), softmaxClassification({ noObjectWeight: 0.1 })]
      : [focalClass({ weight: 2 }), focalClassification({ weight: 2 })];
  const criterion = new SetCriterion({
    matcher: new HungarianMatcher({ costs: [classCost, boxL1Cost({ weight: 5 }), generalizedIouCost({ weight: 2 })] }),
    losses: [classLoss, boxL1({ weight: 5 }), generalizedIou({ weight: 2 })],
  });
  const optimizer = new AdamW({ groups: [{ learningRate }], weightDecay: 1e-4, clipNorm: 0.1 });
  const [losses, norms, newTensors]: [number[], number[], number[]] = [[], [], []];
  for (let index = 0; index < 3; index++) {
    const before = memory().numTensors;
    const { loss, gradientNorm } = await optimizer.step(model, () =>
      criterion.call(model.call(images, { training: true, random }), targets),
    );
    losses.push(loss);
    norms.push(gradientNorm);
    newTensors.push(memory().numTensors - before);
  }
  const weights = new Map<string, Float32Array>();
  for (const [path, { value }] of model.trainableParameters()) weights.set(path, value.dataSync<"float32">().slice());
  optimizer.dispose();
  model.dispose();
  dispose([images.images, images.paddingMask]);
  return { losses, norms, newTensors, weights };
}

function relativeDistance(one = NaN, other = NaN): number {
  return Math.abs(one / other - 1);
}

/** Mean distance of two models' weights, in learning rates: what one step of AdamW moves most of them by. */
function distanceInSteps(one: Steps["weights"], other: Steps["weights"]): number {
  let [total, count] = [0, 0];
  for (const [path, values] of one) {
    const others = other.get(path) as Float32Array;
    values.forEach((value, index) => (total += Math.abs(value - (others[index] as number))));
    count += values.length;
  }
  return total / count / learningRate;
}

const small = presets["detr-small"];
const models: readonly (readonly [string, DetectorConfig])[] = [
  ["detr-small", { ...small, transformer: { ...small.transformer, dropout: 0.1 } }],
  [
    "deformable-detr-small",
    {
      ...presets["deformable-detr-small"],
      transformer: { ...presets["deformable-detr-small"].transformer, dropout: 0.1 },
    },
  ],
  ["detr-small with batch norm", { ...small, backbone: { ...small.backbone, norm: "batch" } }],
];

test.each(models)(
  "%s: three whole training steps in WebAssembly are those of the native backend",
  async (_, config) => {
    const here = await stepsOn("wasm", config);
    expect(here.losses.every((loss) => Number.isFinite(loss))).toBe(true);
    // The first step makes the optimiser's two moments.
    expect(here.newTensors).toEqual([2, 0, 0]);
    let there: Steps;
    try {
      there = await stepsOn("native", config);
    } catch (error) {
      if (process.env["DETRKIT_REQUIRE_NATIVE"] === "1" || !BackendError.isInstance(error)) throw error;
      return;
    }
    expect(relativeDistance(here.losses[0], there.losses[0])).toBeLessThan(5e-6);
    expect(relativeDistance(here.norms[0], there.norms[0])).toBeLessThan(5e-5);
    // AdamW makes full steps of gradients that are rounding noise, so after a step single weights may differ by some
    // steps; nearly all don't.
    here.losses.forEach((loss, index) => expect(relativeDistance(loss, there.losses[index])).toBeLessThan(2e-4));
    here.norms.forEach((norm, index) => expect(relativeDistance(norm, there.norms[index])).toBeLessThan(1e-2));
    expect([...here.weights.keys()]).toEqual([...there.weights.keys()]);
    expect(distanceInSteps(here.weights, there.weights)).toBeLessThan(0.05);
  },
  900_000,
);
