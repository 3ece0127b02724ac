import type { DetectionTarget } from "@detrkit/boxes";
import { randomTargets } from "../../test-support/random-targets.ts";
import { boxL1 as boxL1Cost, HungarianMatcher } from "@detrkit/matcher";
import { expectClose, expectGradients, uniformTensor, useBackend } from "@detrkit/test-utils";
import {
  addN,
  cast,
  concat,
  dispose,
  grad,
  greater,
  mul,
  ones,
  type Scalar,
  slice,
  sub,
  type Tensor,
  tensor,
  tensor2d,
  type Tensor2D,
  type Tensor3D,
  type Tensor4D,
  tidy,
  valueAndGrad,
  zeros,
} from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { maskDice, maskFocal, readLossTerms, SetCriterion, softmaxClassification } from "../index.ts";
import { bilinearMatrix } from "./bilinear-matrix.ts";

useBackend("cpu");

const criterion = new SetCriterion({
  matcher: new HungarianMatcher({ costs: [boxL1Cost({ weight: 1 })] }),
  losses: [maskFocal({ weight: 1.5 }), maskDice({ weight: 0.5 })],
});

const logits = (): Tensor3D => zeros([2, 3, 2]);
const boxes = (): Tensor3D =>
  tensor(
    Float32Array.from({ length: 24 }, (_, at) => 0.2 + at / 40),
    [2, 3, 4],
  );

test("resizing doubles a line as PyTorch does without aligned corners", () => {
  expect([...bilinearMatrix(4, 2)].map((share) => Math.round(share * 100) / 100)).toEqual([
    1, 0, 0.75, 0.25, 0.25, 0.75, 0, 1,
  ]);
  expect([...bilinearMatrix(3, 3)]).toEqual([1, 0, 0, 0, 1, 0, 0, 0, 1]);
});

test("every pixel made by resizing is a mean: its shares add up to 1", () => {
  for (const [output, input] of [
    [11, 3],
    [5, 7],
    [13, 1],
  ] as const) {
    const matrix = bilinearMatrix(output, input);
    for (let row = 0; row < output; row++) {
      expect(matrix.slice(row * input, (row + 1) * input).reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 6);
    }
  }
});

test("both mask losses of one pixel inside and one outside worked out by hand", () => {
  tidy(() => {
    const masks = { logits: tensor2d([Math.log(3), 0], [1, 2]), signs: tensor2d([1, -1], [1, 2]), boxCount: 2 };
    // Probabilities 0.75 inside and 0.5 outside.
    const focal = (0.25 * 0.0625 * -Math.log(0.75) + 0.75 * 0.25 * Math.LN2) / 2;
    expectClose(maskFocal().call(masks), focal / 2);
    expectClose(maskDice().call(masks), (1 - (2 * 0.75 + 1) / (1.25 + 1 + 1)) / 2);
  });
});

test("mask losses have the gradient of finite differences", () => {
  tidy(() => {
    const signs = tensor2d([1, -1, -1, 1, 1, -1, 1, -1, 1, -1], [2, 5]);
    for (const term of [maskFocal({ alpha: 0.3, gamma: 2 }), maskFocal({ gamma: 3 }), maskDice()]) {
      expectGradients(
        (input) => term.call({ logits: input as Tensor2D, signs, boxCount: 0.1 }),
        [uniformTensor([2, 5], { seed: 2, low: -2, high: 2 })],
      );
    }
  });
});

test("masks too large to go through a loss together have the sum of their losses, and each its own gradient", () => {
  tidy(() => {
    const [count, pixels] = [3, 340_000];
    const logits = uniformTensor([count, pixels], { seed: 3, low: -2, high: 2 }) as Tensor2D;
    const signs = sub(
      mul(2, cast(greater(uniformTensor([count, pixels], { seed: 4 }), 0.5), "float32")),
      1,
    ) as Tensor2D;
    const row = (of: Tensor2D, index: number): Tensor2D => slice(of, [index, 0], [1, pixels]);
    const lossOf = (from: Tensor, of: Tensor2D): Scalar =>
      maskDice().call({ logits: from as Tensor2D, signs: of, boxCount: 1 });
    const whole = valueAndGrad((input) => lossOf(input, signs))(logits);
    const each = [0, 1, 2].map((index) =>
      valueAndGrad((input) => lossOf(input, row(signs, index)))(row(logits, index)),
    );
    expectClose(whole.value, addN(each.map(({ value }) => value)));
    expectClose(
      whole.grad,
      concat(
        each.map(({ grad }) => grad),
        0,
      ),
      { atol: 1e-12 },
    );
  });
});

test("the gradient of the mask losses by the matched queries' masks is that of finite differences", () => {
  tidy(() => {
    const targets = randomTargets();
    const compute = (masks: Tensor): Tensor =>
      criterion.call({ logits: logits(), boxes: boxes(), masks: masks as Tensor4D }, targets).loss;
    expectGradients(compute, [uniformTensor([2, 3, 4, 3], { seed: 5, low: -2, high: 2 })], { step: 3e-2 });
  });
});

test("what lies beyond an image counts as outside of its objects", () => {
  tidy(() => {
    // Filling the padding with the object's complement changes nothing: the second image is 6 × 11 in a batch of 7 ×
    // 11.
    const [first, second] = randomTargets() as [DetectionTarget, DetectionTarget];
    const given = second.masks ?? { height: 0, width: 0, data: new Uint8Array(0) };
    const padded = {
      ...second,
      masks: { height: 7, width: 11, data: Uint8Array.from([...given.data, ...new Uint8Array(11)]) },
    };
    const masks = uniformTensor([2, 3, 4, 3], { seed: 7, low: -2, high: 2 }) as Tensor4D;
    const lossOf = (targets: readonly DetectionTarget[]): Scalar =>
      criterion.call({ logits: logits(), boxes: boxes(), masks }, targets).loss;
    expectClose(lossOf([first, padded]), lossOf([first, second]));
  });
});

test("a batch without targets has mask losses of 0 and a gradient of zeros", async () => {
  const targets = randomTargets().map((target) => ({
    labels: new Int32Array(0),
    boxes: new Float32Array(0),
    masks: { height: target.masks?.height ?? 0, width: 5, data: new Uint8Array(0) },
  }));
  const masks = ones([2, 3, 4, 3]) as Tensor4D;
  const prediction = { logits: logits(), boxes: boxes(), masks };
  const { loss, terms } = criterion.call(prediction, targets);
  const read = await readLossTerms(terms);
  expect([read["maskFocal"], read["maskDice"]]).toEqual([0, 0]);
  tidy(() =>
    expectClose(
      grad((input: Tensor) => criterion.call({ ...prediction, masks: input as Tensor4D }, targets).loss)(masks),
      zeros([2, 3, 4, 3]),
    ),
  );
  dispose([...Object.values(prediction), loss, terms["maskFocal"], terms["maskDice"]] as Tensor[]);
});

test("masks that are missing or of another size are refused with what to do", () => {
  tidy(() => {
    const targets = randomTargets();
    const prediction = { logits: logits(), boxes: boxes() };
    const masks = ones([2, 3, 4, 3]) as Tensor4D;
    expect(() => criterion.call(prediction, targets)).toThrow(
      '"maskFocal" needs predicted masks, but the prediction has none',
    );
    expect(() => criterion.call({ ...prediction, masks: ones([2, 5, 4, 3]) }, targets)).toThrow(
      "masks expected [2, 3, h, w], got [2, 5, 4, 3]",
    );
    const without = targets.map(({ labels, boxes: wanted }) => ({ labels, boxes: wanted }));
    expect(() => criterion.call({ ...prediction, masks }, without)).toThrow("the targets of image 0 have none");
    const short = targets.map((target) => ({ ...target, masks: { height: 7, width: 5, data: new Uint8Array(3) } }));
    expect(() => criterion.call({ ...prediction, masks }, short)).toThrow(
      "masks of image 0 expected [2, 7, 5], got 3 values",
    );
    expect(() => maskFocal({ gamma: -1 })).toThrow("gamma >= 0");
    expect(softmaxClassification().on).toBe("predictions");
  });
});
