import type { LayerPrediction } from "@detrkit/boxes";
import type { DetectionTarget } from "@detrkit/boxes";
import { Random } from "@detrkit/common";
import {
  boxL1 as boxL1Cost,
  classProbability,
  generalizedIou as generalizedIouCost,
  HungarianMatcher,
} from "@detrkit/matcher";
import { expectClose, useBackend } from "@detrkit/test-utils";
import {
  dispose,
  engine,
  memory,
  reshape,
  type Scalar,
  slice,
  stack,
  type Tensor,
  tensor,
  type Tensor3D,
  type Tensor4D,
  tidy,
  valueAndGrads,
} from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import {
  boxL1,
  cardinalityError,
  classError,
  generalizedIou,
  readLossTerms,
  SetCriterion,
  type SetPrediction,
  softmaxClassification,
} from "./index.ts";

useBackend("cpu");

const matcher = new HungarianMatcher({
  costs: [classProbability({ weight: 1 }), boxL1Cost({ weight: 5 }), generalizedIouCost({ weight: 2 })],
});
const losses = [softmaxClassification({ noObjectWeight: 0.1 }), boxL1(), generalizedIou()];
const criterion = new SetCriterion({ matcher, losses });
const classes = 7;

function randomLayer(images: number, queries: number, seed: number): LayerPrediction {
  const random = new Random(seed);
  const draw = (width: number, next: () => number): Tensor3D =>
    tensor(Float32Array.from({ length: images * queries * width }, next), [images, queries, width]) as Tensor3D;
  return { logits: draw(classes, () => 2 * random.normal()), boxes: draw(4, () => random.uniform(0.1, 0.9)) };
}

function randomTargets(counts: readonly number[], seed: number): DetectionTarget[] {
  const random = new Random(seed);
  return counts.map((count) => ({
    labels: Int32Array.from({ length: count }, () => random.integer(0, classes - 2)),
    boxes: Float32Array.from({ length: 4 * count }, () => random.uniform(0.1, 0.9)),
  }));
}

/** The loss as a number. */
function lossOf(
  prediction: SetPrediction,
  targets: readonly DetectionTarget[],
  using: SetCriterion = criterion,
): number {
  return tidy(() => using.call(prediction, targets).loss.dataSync()[0] as number);
}

async function termsOf(
  prediction: SetPrediction,
  targets: readonly DetectionTarget[],
  using: SetCriterion = criterion,
): Promise<Record<string, number>> {
  const { loss, terms } = using.call(prediction, targets);
  dispose(loss);
  return await readLossTerms(terms);
}

/** Names of the tensor ops that something runs. */
function opsOf(work: () => void): string[] {
  const ops: string[] = [];
  const original = engine().runKernel.bind(engine());
  engine().runKernel = (name, ...rest) => {
    ops.push(name);
    return original(name, ...rest);
  };
  try {
    tidy(work);
  } finally {
    engine().runKernel = original;
  }
  return ops;
}

test("one query and one target worked out by hand", async () => {
  const logits = tensor([Math.log(3), 0, 0], [1, 1, 3]) as Tensor3D;
  const boxes = tensor([0.5, 0.5, 0.5, 0.5], [1, 1, 4]) as Tensor3D;
  const target = { labels: Int32Array.of(0), boxes: Float32Array.of(0.5, 0.5, 0.25, 1) };
  const { loss, terms } = criterion.call({ logits, boxes }, [target]);
  const read = await readLossTerms(terms);
  const overlap = 0.125 / 0.375 - (0.5 - 0.375) / 0.5;
  expect(read["classification"]).toBeCloseTo(-Math.log(3 / 5), 6);
  expect(read["boxL1"]).toBeCloseTo(0.75, 6);
  expect(read["generalizedIou"]).toBeCloseTo(1 - overlap, 6);
  expect(read["classError"]).toBe(0);
  expect(read["cardinalityError"]).toBe(0);
  expectClose(loss, -Math.log(3 / 5) + 5 * 0.75 + 2 * (1 - overlap));
  dispose([logits, boxes, loss]);
});

test("queries without a target count by the no-object weight", async () => {
  // Uniform logits: every query costs ln 3, so the weighted mean is ln 3 whatever the weights; a changed one shows its
  // share.
  const logits = tensor([0, 0, 0, 0, 0, Math.log(2)], [1, 2, 3]) as Tensor3D;
  const boxes = tensor([0.5, 0.5, 0.2, 0.2, 0.1, 0.1, 0.1, 0.1], [1, 2, 4]) as Tensor3D;
  const target = { labels: Int32Array.of(1), boxes: Float32Array.of(0.5, 0.5, 0.2, 0.2) };
  const read = await termsOf({ logits, boxes }, [target]);
  expect(read["classification"]).toBeCloseTo((Math.log(3) + 0.1 * Math.log(2)) / 1.1, 6);
  dispose([logits, boxes]);
});

test("a layer's terms are the same whether it comes alone, as an auxiliary one or stacked", async () => {
  const first = randomLayer(3, 11, 1);
  const last = randomLayer(3, 11, 2);
  const targets = randomTargets([2, 0, 5], 3);
  const alone = { first: await termsOf(first, targets), last: await termsOf(last, targets) };
  const together = await termsOf({ ...last, auxiliary: [first] }, targets);
  for (const name of ["classification", "boxL1", "generalizedIou", "cardinalityError"]) {
    expect(together[name]).toBe(alone.last[name]);
    expect(together[`auxiliary.0.${name}`]).toBe(alone.first[name]);
  }
  expect(Object.keys(together)).not.toContain("auxiliary.0.classError");
  const stacked = {
    logits: stack([first.logits, last.logits]) as Tensor4D,
    boxes: stack([first.boxes, last.boxes]) as Tensor4D,
  };
  expect(await termsOf({ ...last, auxiliary: [first], stacked }, targets)).toEqual(together);
  expect(lossOf({ ...last, stacked }, targets)).toBeCloseTo(lossOf(first, targets) + lossOf(last, targets), 4);
  dispose([...Object.values(first), ...Object.values(last), ...Object.values(stacked)] as Tensor[]);
});

test("gradients are the same for layers given one by one and stacked", () => {
  tidy(() => {
    const layers = [randomLayer(2, 5, 4), randomLayer(2, 5, 5), randomLayer(2, 5, 6)];
    const targets = randomTargets([3, 1], 7);
    const logits = stack(layers.map((layer) => layer.logits)) as Tensor4D;
    const boxes = stack(layers.map((layer) => layer.boxes)) as Tensor4D;
    const [last] = layers.slice(-1) as [LayerPrediction];
    const whole = valueAndGrads(
      (...[a, b]) =>
        criterion.call({ ...last, stacked: { logits: a as Tensor4D, boxes: b as Tensor4D } }, targets).loss,
    )([logits, boxes]);
    const parts = valueAndGrads((...inputs) => {
      const given = layers.map((_, layer) => ({
        logits: inputs[2 * layer] as Tensor3D,
        boxes: inputs[2 * layer + 1] as Tensor3D,
      }));
      return criterion.call({ ...(given[2] as LayerPrediction), auxiliary: given.slice(0, 2) }, targets).loss;
    })(layers.flatMap((layer) => [layer.logits, layer.boxes]));
    for (let layer = 0; layer < 3; layer++) {
      expectClose(
        parts.grads[2 * layer] as Tensor,
        reshape(slice(whole.grads[0] as Tensor4D, layer, 1), [2, 5, classes]),
      );
      expectClose(
        parts.grads[2 * layer + 1] as Tensor,
        reshape(slice(whole.grads[1] as Tensor4D, layer, 1), [2, 5, 4]),
      );
    }
  });
});

test("the loss does not change when the targets of an image are permuted", () => {
  const prediction = randomLayer(1, 13, 8);
  const [target] = randomTargets([5], 9) as [DetectionTarget];
  const order = [3, 0, 4, 1, 2];
  const permuted = {
    labels: Int32Array.from(order, (index) => target.labels[index] as number),
    boxes: Float32Array.from(order.flatMap((index) => [...target.boxes.subarray(4 * index, 4 * index + 4)])),
  };
  expect(lossOf(prediction, [permuted])).toBeCloseTo(lossOf(prediction, [target]), 5);
  dispose([prediction.logits, prediction.boxes]);
});

test("images without targets train the class term only, and count as one box", async () => {
  const prediction = randomLayer(2, 5, 10);
  const targets = randomTargets([0, 0], 11);
  const read = await termsOf(prediction, targets);
  expect([read["boxL1"], read["generalizedIou"], read["classError"]]).toEqual([0, 0, 100]);
  expect(read["classification"]).toBeGreaterThan(0);
  tidy(() => {
    const { grads } = valueAndGrads(
      (...[logits, boxes]) => criterion.call({ logits: logits as Tensor3D, boxes: boxes as Tensor3D }, targets).loss,
    )([prediction.logits, prediction.boxes]);
    expectClose(grads[1] as Tensor, new Float32Array(40));
  });
  dispose([prediction.logits, prediction.boxes]);
});

test("box losses are divided by the number of targets, or by what the hook makes of it", async () => {
  const prediction = randomLayer(2, 7, 12);
  const targets = randomTargets([1, 2], 13);
  const seen: number[] = [];
  const shared = new SetCriterion({
    matcher,
    losses,
    averageBoxCount: (count) => {
      seen.push(count);
      return 2 * count;
    },
  });
  const own = await termsOf(prediction, targets);
  const halved = await termsOf(prediction, targets, shared);
  expect(seen).toEqual([3]);
  expect(halved["boxL1"]).toBeCloseTo((own["boxL1"] as number) / 2, 6);
  expect(halved["classification"]).toBe(own["classification"]);
  dispose([prediction.logits, prediction.boxes]);
});

test("the encoder's proposals only tell object from background: their targets are class 0", async () => {
  const prediction = randomLayer(1, 5, 14);
  const encoder = randomLayer(1, 17, 15);
  const targets = randomTargets([3], 16);
  const relabelled = targets.map((target) => ({ ...target, labels: new Int32Array(3) }));
  const read = await termsOf({ ...prediction, encoder }, targets);
  const alone = await termsOf(encoder, relabelled);
  for (const name of ["classification", "boxL1", "generalizedIou"]) expect(read[`encoder.${name}`]).toBe(alone[name]);
  dispose([...Object.values(prediction), ...Object.values(encoder)] as Tensor[]);
});

test("six ops make the loss and its gradients for any number of layers, two where the layers come stacked", () => {
  tidy(() => {
    const targets = randomTargets([2, 3], 20);
    const layers = [21, 22, 23, 24].map((seed) => randomLayer(2, 5, seed));
    const inputs = layers.flatMap((layer) => [layer.logits, layer.boxes]);
    const lossFrom = (values: Tensor[]): Scalar => {
      const given = layers.map((_, layer) => ({
        logits: values[2 * layer] as Tensor3D,
        boxes: values[2 * layer + 1] as Tensor3D,
      }));
      return criterion.call({ ...(given[3] as LayerPrediction), auxiliary: given.slice(0, 3) }, targets).loss;
    };
    const ops = opsOf(() => valueAndGrads((...values) => lossFrom(values))(inputs));
    expect(ops).toEqual(["Concat", "Concat", "Multiply", "SplitV", "Multiply", "SplitV"]);
    const stacked = [stack(layers.map((layer) => layer.logits)), stack(layers.map((layer) => layer.boxes))];
    const stackedOps = opsOf(() =>
      valueAndGrads(
        (...[logits, boxes]) =>
          criterion.call(
            { ...(layers[3] as LayerPrediction), stacked: { logits: logits as Tensor4D, boxes: boxes as Tensor4D } },
            targets,
          ).loss,
      )(stacked),
    );
    expect(stackedOps).toEqual(["Multiply", "Multiply"]);
  });
});

test("the loss is the only tensor that is left; the terms on classes and boxes are numbers", () => {
  const prediction = randomLayer(1, 3, 17);
  const before = memory().numTensors;
  const { loss, terms } = criterion.call(prediction, randomTargets([2], 18));
  expect(memory().numTensors).toBe(before + 1);
  expect(Object.values(terms).every((term) => typeof term === "number")).toBe(true);
  dispose([loss, prediction.logits, prediction.boxes]);
});

test("predictions that are not finite are refused with layer, image and query", () => {
  tidy(() => {
    const last = randomLayer(2, 3, 19);
    const values = last.logits.dataSync().slice();
    values[classes * 4 + 1] = NaN;
    const broken = { ...last, logits: tensor(values, [2, 3, classes]) as Tensor3D };
    const call = (): unknown => criterion.call({ ...last, auxiliary: [broken] }, randomTargets([1, 1], 20));
    expect(call).toThrow(
      'SetCriterion.call: layer "auxiliary.0", image 1: logits of query 1 hold NaN; the model has diverged',
    );
    expect(call).toThrow(expect.objectContaining({ code: "ERR_NON_FINITE" }));
  });
});

test("predictions and targets that don't fit are refused with both sizes", () => {
  tidy(() => {
    const last = randomLayer(2, 3, 21);
    const other = randomLayer(2, 5, 22);
    const targets = randomTargets([1, 1], 23);
    expect(() => criterion.call({ ...last, auxiliary: [other] }, targets)).toThrow(
      'logits of layer "auxiliary.0" expected [2, 3, 7], got [2, 5, 7]',
    );
    expect(() => criterion.call({ ...last, boxes: other.boxes }, targets)).toThrow(
      'boxes of layer "decoder" expected [2, 3, 4], got [2, 5, 4]',
    );
    expect(() => criterion.call(last, targets.slice(1))).toThrow("expected targets for 2 images, got 1");
    const noObject = targets.map((target) => ({ ...target, labels: Int32Array.of(classes - 1) }));
    expect(() => criterion.call(last, noObject)).toThrow('of 7 logits the last one means "no object"');
  });
});

test("settings that can't work are refused", () => {
  expect(() => new SetCriterion({ matcher, losses: [] })).toThrow("losses is empty");
  expect(() => new SetCriterion({ matcher, losses: [boxL1(), boxL1()] })).toThrow('two terms are named "boxL1"');
  expect(() => softmaxClassification({ noObjectWeight: 0 })).toThrow("noObjectWeight expected above 0");
  expect(new SetCriterion({ matcher, losses, logged: [classError(), cardinalityError()] }).logged).toHaveLength(2);
});
