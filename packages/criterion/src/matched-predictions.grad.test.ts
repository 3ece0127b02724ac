import type { LayerPrediction } from "@detrkit/boxes";
import type { DetectionTarget } from "@detrkit/boxes";
import { Random } from "@detrkit/common";
import { boxL1 as boxL1Cost, HungarianMatcher, type Match, type Matcher } from "@detrkit/matcher";
import { describeOnBackends, expectClose, expectGradients, uniformTensor } from "@detrkit/test-utils";
import {
  abs,
  add,
  cast,
  dispose,
  div,
  memory,
  mul,
  oneHot,
  type Scalar,
  softplus,
  square,
  stack,
  sub,
  sum,
  type Tensor,
  type Tensor3D,
  type Tensor4D,
  tidy,
  unstack,
  valueAndGrads,
} from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import {
  boxL1,
  focalClassification,
  type LossTerm,
  type MatchedLoss,
  readLossTerms,
  SetCriterion,
  type SetPrediction,
} from "./index.ts";

const [images, classes] = [2, 3];
const matcher = new HungarianMatcher({ costs: [boxL1Cost({ weight: 1 })] });

/** `boxL1({ weight: 5 })`, written as one would write one's own term. */
const tensorBoxL1: MatchedLoss = {
  name: "boxL1",
  weight: 5,
  call: ({ boxes, targetBoxes, normalizer }) => div(sum(abs(sub(boxes, targetBoxes))), normalizer),
};

function criterionOf(...losses: LossTerm[]): SetCriterion {
  return new SetCriterion({ matcher, losses, logged: [] });
}

function randomTargets(...counts: number[]): DetectionTarget[] {
  const random = new Random(3);
  return counts.map((count) => ({
    labels: Int32Array.from({ length: count }, () => random.integer(0, classes - 1)),
    boxes: Float32Array.from({ length: 4 * count }, () => random.uniform(0.1, 0.9)),
  }));
}

/** Logits and boxes of three decoder layers with 5 queries and of an encoder with 11. */
function randomPredictions(): Tensor[] {
  return [5, 5, 5, 11].flatMap((queries, layer) => [
    uniformTensor([images, queries, classes], { seed: layer, low: -2, high: 2 }),
    uniformTensor([images, queries, 4], { seed: 10 + layer, low: 0.1, high: 0.9 }),
  ]);
}

function predictionOf(inputs: readonly Tensor[], stacked: boolean): SetPrediction {
  const layer = (index: number): LayerPrediction => ({
    logits: inputs[2 * index] as Tensor3D,
    boxes: inputs[2 * index + 1] as Tensor3D,
  });
  const [first, second, last, encoder] = [layer(0), layer(1), layer(2), layer(3)];
  const decoder = [first, second, last];
  if (!stacked) return { ...last, auxiliary: [first, second], encoder };
  const logits = stack(decoder.map((each) => each.logits)) as Tensor4D;
  const boxes = stack(decoder.map((each) => each.boxes)) as Tensor4D;
  return { ...last, stacked: { logits, boxes }, encoder };
}

/** Gradients of a criterion's loss by {@link randomPredictions}. */
function gradientsOf(
  criterion: SetCriterion,
  inputs: Tensor[],
  targets: readonly DetectionTarget[],
  stacked: boolean,
): Tensor[] {
  const lossOf = (...given: Tensor[]): Tensor => criterion.call(predictionOf(given, stacked), targets).loss;
  return tidy(() => valueAndGrads(lossOf)(inputs).grads);
}

function matchOf(...pairs: [query: number, target: number][]): Match {
  const column = (index: 0 | 1): Int32Array => Int32Array.from(pairs, (pair) => pair[index]);
  return { queries: column(0), targets: column(1) };
}

/** Matches what it is told, whatever is predicted, so that a small step cannot change the pairs. */
function fixedMatcher(matches: readonly Match[]): Matcher {
  let calls = 0;
  return { ...matcher, matchImage: () => matches[calls++ % matches.length] as Match };
}

describeOnBackends("a loss term of tensor ops", () => {
  test.each([
    ["one by one", false],
    ["stacked", true],
  ] as const)("box L1 has the loss, the terms and the gradients of the closed form, layers %s", async (_, stacked) => {
    const inputs = randomPredictions();
    const targets = randomTargets(3, 2);
    const results = [boxL1({ weight: 5 }), tensorBoxL1].map((term) => {
      const criterion = criterionOf(focalClassification({ weight: 2 }), term);
      const gradients = gradientsOf(criterion, inputs, targets, stacked);
      return { gradients, ...criterion.call(predictionOf(inputs, false), targets) };
    });
    const [closed, own] = results as [(typeof results)[0], (typeof results)[0]];
    expectClose(own.loss, closed.loss);
    const [expected, read] = [await readLossTerms(closed.terms), await readLossTerms(own.terms)];
    expect(Object.keys(read).toSorted()).toEqual(Object.keys(expected).toSorted());
    for (const [name, value] of Object.entries(expected)) expect(read[name]).toBeCloseTo(value, 5);
    own.gradients.forEach((gradient, index) => expectClose(gradient, closed.gradients[index] as Tensor));
    const tensors = Object.values(own.terms).filter((term) => typeof term !== "number");
    expect(tensors).toHaveLength(4);
    dispose([...inputs, ...tensors, ...results.flatMap(({ gradients, loss }) => [...gradients, loss])] as Tensor[]);
  });

  test("layers with and without pairs have the gradient of finite differences by logits and boxes", () => {
    const term: MatchedLoss = {
      name: "own",
      weight: 1.5,
      call: ({ boxes, targetBoxes, logits, targetLabels, normalizer }) => {
        const wanted = cast(oneHot(targetLabels, classes), "float32");
        const ofBoxes = sum(square(sub(boxes, targetBoxes)));
        return div(add(ofBoxes, sum(mul(softplus(logits), sub(1, wanted)))), normalizer);
      },
    };
    const [none, two, first, last] = [matchOf(), matchOf([4, 0], [1, 2]), matchOf([3, 1]), matchOf([0, 1])];
    // In the order of matching: two images of each decoder layer, then of the encoder.
    const matches = [two, first, none, none, last, none, two, last];
    tidy(() => {
      const compute =
        (stacked: boolean) =>
        (...inputs: Tensor[]): Scalar => {
          const criterion = new SetCriterion({ matcher: fixedMatcher(matches), losses: [term], logged: [] });
          return criterion.call(predictionOf(inputs, stacked), randomTargets(3, 2)).loss;
        };
      const inputs = randomPredictions();
      expectGradients(compute(false), inputs, { step: 3e-2 });
      const wanted = valueAndGrads(compute(false))(inputs);
      const got = valueAndGrads(compute(true))(inputs);
      expectClose(got.value, wanted.value);
      got.grads.forEach((gradient, index) => expectClose(gradient, wanted.grads[index] as Tensor));
    });
  });

  test("matched boxes, labels and logits are those of the pairs, the encoder's labels are 0", () => {
    const seen: Readonly<Record<string, number[]>>[] = [];
    const spy: MatchedLoss = {
      name: "spy",
      weight: 1,
      call: ({ boxes, targetBoxes, logits, targetLabels, normalizer }) => {
        const plain = (tensor: Tensor): number[] => [...tensor.dataSync()];
        const ofTargets = { targetLabels: plain(targetLabels), targetBoxes: plain(targetBoxes) };
        seen.push({ ...ofTargets, boxes: plain(boxes), logits: plain(logits), normalizer: [normalizer] });
        return sum(boxes);
      },
    };
    tidy(() => {
      const inputs = randomPredictions();
      const targets = randomTargets(2, 2);
      // All layers have a pair in each image, but for the last decoder layer: that has one in the second image only.
      const one = matchOf([3, 1]);
      const fixed = fixedMatcher([one, one, one, one, matchOf(), one, one, one]);
      new SetCriterion({ matcher: fixed, losses: [spy], logged: [] }).call(predictionOf(inputs, true), targets);
      expect(seen).toHaveLength(4);
      const rowOfSecondImage = (input: Tensor | undefined): number[] => [
        ...(unstack(unstack(input as Tensor)[1] as Tensor)[3] as Tensor).dataSync(),
      ];
      expect(seen[2]).toEqual({
        targetLabels: [targets[1]?.labels[1]],
        targetBoxes: [...(targets[1]?.boxes.subarray(4, 8) ?? [])],
        boxes: rowOfSecondImage(inputs[5]),
        logits: rowOfSecondImage(inputs[4]),
        normalizer: [4],
      });
      expect(seen[3]?.["targetLabels"]).toEqual([0, 0]);
    });
  });

  test("a batch without targets counts 0, is not asked for a value and has gradients of zeros", () => {
    tidy(() => {
      const never: MatchedLoss = { name: "never", weight: 1, call: () => expect.unreachable() };
      const criterion = criterionOf(never);
      const inputs = randomPredictions();
      const { loss, terms } = criterion.call(predictionOf(inputs, false), randomTargets(0, 0));
      expectClose(loss, 0);
      expect(terms).toEqual({ never: 0, "auxiliary.0.never": 0, "auxiliary.1.never": 0, "encoder.never": 0 });
      gradientsOf(criterion, inputs, randomTargets(0, 0), true).forEach((gradient, index) =>
        expectClose(gradient, new Float32Array((inputs[index] as Tensor).size)),
      );
    });
  });

  test("what a term computes on its way is freed; loss and terms are left", () => {
    const inputs = randomPredictions();
    const prediction = predictionOf(inputs, false);
    const before = memory().numTensors;
    const { loss, terms } = criterionOf(tensorBoxL1).call(prediction, randomTargets(1, 2));
    expect(memory().numTensors).toBe(before + 5);
    dispose([...inputs, loss, ...(Object.values(terms) as Scalar[])]);
  });
});

describeOnBackends("what a loss term returns", () => {
  const returning = (value: (boxes: Tensor) => unknown): (() => unknown) => {
    const term: MatchedLoss = { name: "aspect", weight: 1, call: ({ boxes }) => value(boxes) as Scalar };
    const criterion = criterionOf(boxL1(), term);
    return () => tidy(() => criterion.call(predictionOf(randomPredictions(), false), randomTargets(2, 1)).loss);
  };

  test("is refused by the term's name if it is not a float32 scalar", () => {
    expect(returning((boxes) => boxes)).toThrow(
      'SetCriterion.call: loss term "aspect" of layer "auxiliary.0" must return a float32 scalar, computed ' +
        "synchronously by tensor ops, got a tensor of float32 [3, 4]; end it with sum or mean",
    );
    expect(returning((boxes) => sum(cast(boxes, "int32")))).toThrow("got a tensor of int32 []");
    expect(returning(() => 7)).toThrow("got a number");
    expect(returning(async (boxes) => boxes)).toThrow("got a promise");
    expect(returning(() => undefined)).toThrow("got nothing");
    expect(returning(() => 7)).toThrow(expect.objectContaining({ code: "ERR_TENSOR" }));
  });
});
