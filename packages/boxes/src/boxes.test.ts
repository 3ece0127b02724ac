import { Random } from "@detrkit/common";
import { useBackend } from "@detrkit/test-utils";
import { grad, type Rank, sum, type Tensor, tensor, tensor2d, tidy, zeros } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import * as boxes from "./index.ts";
import * as numbers from "./numbers.ts";

useBackend("cpu");

const randomCxcywh = (count: number, seed: number): number[] => {
  const random = new Random(seed);
  return Array.from({ length: 4 * count }, () => Math.fround(random.uniform(0.1, 0.9)));
};
const randomXyxy = (count: number, seed: number): number[] =>
  numbers.cxcywhToXyxy(randomCxcywh(count, seed)).map(Math.fround);

/** Compares what a tensor function gives with what the function on plain numbers gives. */
function expectSame(compute: () => Tensor, shape: readonly number[], expected: ArrayLike<number>): void {
  tidy(() => {
    const got = compute();
    expect(got.shape).toEqual(shape);
    const values = got.dataSync();
    expect(values).toHaveLength(expected.length);
    for (let at = 0; at < values.length; at++) expect(values[at]).toBeCloseTo(expected[at] as number, 5);
  });
}

test("tensor functions agree with those on plain numbers", () => {
  const centred = randomCxcywh(6, 3);
  const first = randomXyxy(6, 4);
  const second = randomXyxy(6, 5);
  expectSame(() => boxes.cxcywhToXyxy(tensor(centred, [2, 3, 4])), [2, 3, 4], numbers.cxcywhToXyxy(centred));
  expectSame(() => boxes.xyxyToCxcywh(tensor(first, [2, 3, 4])), [2, 3, 4], numbers.xyxyToCxcywh(first));
  expectSame(() => boxes.boxArea(tensor(first, [3, 2, 4])), [3, 2], numbers.boxArea(first));
  expectSame(
    () => boxes.clip(tensor(first, [6, 4]), { width: 0.5, height: 0.7 }),
    [6, 4],
    numbers.clip(first, { width: 0.5, height: 0.7 }),
  );
  expectSame(() => boxes.iou(tensor(first, [2, 3, 4]), tensor(second, [2, 3, 4])), [2, 3], numbers.iou(first, second));
  expectSame(
    () => boxes.generalizedIou(tensor(first, [6, 4]), tensor(second, [6, 4])),
    [6],
    numbers.generalizedIou(first, second),
  );
});

test("pairwise overlaps of unequally many boxes agree with those on plain numbers", () => {
  const first = randomXyxy(5, 6);
  const second = randomXyxy(3, 7);
  expectSame(
    () => boxes.pairwiseIou(tensor2d(first, [5, 4]), tensor2d(second, [3, 4])),
    [5, 3],
    numbers.pairwiseIou(first, second),
  );
  expectSame(
    () => boxes.pairwiseGeneralizedIou(tensor2d(first, [5, 4]), tensor2d(second, [3, 4])),
    [5, 3],
    numbers.pairwiseGeneralizedIou(first, second),
  );
});

test("the generalised overlap of cxcywh boxes has the gradient of finite differences", () => {
  const predicted = randomCxcywh(5, 8);
  const wanted = randomXyxy(5, 9);
  const value = (values: number[]): number =>
    numbers.generalizedIou(numbers.cxcywhToXyxy(values), wanted).reduce((total, one) => total + one, 0);
  tidy(() => {
    const gradient = grad((input: Tensor) =>
      sum(boxes.generalizedIou(boxes.cxcywhToXyxy(input), tensor(wanted, [5, 4]))),
    )(tensor(predicted, [5, 4])).dataSync();
    for (let at = 0; at < predicted.length; at++) {
      const nudged = (step: number): number =>
        value(predicted.map((entry, index) => (index === at ? entry + step : entry)));
      expect(gradient[at]).toBeCloseTo((nudged(1e-6) - nudged(-1e-6)) / 2e-6, 3);
    }
  });
});

test("boxes without area overlap by 0 and have a finite gradient", () => {
  tidy(() => {
    const point = tensor([1, 1, 1, 1], [1, 4]);
    expect(boxes.generalizedIou(point, point).dataSync()[0]).toBe(0);
    const gradient = grad((input: Tensor) => sum(boxes.generalizedIou(input, point)))(point).dataSync();
    expect([...gradient].every(Number.isFinite)).toBe(true);
  });
});

test("shapes that hold no boxes are refused with the shape", () => {
  tidy(() => {
    expect(() => boxes.cxcywhToXyxy(zeros([2, 5]))).toThrow("cxcywhToXyxy: boxes expected [..., 4], got [2, 5]");
    expect(() => boxes.iou(zeros([2, 4]), zeros([3, 4]))).toThrow(
      "iou: expected two tensors of one shape, got [2, 4] and [3, 4]",
    );
    expect(() => boxes.pairwiseIou(zeros<Rank.R2>([2, 3, 4] as unknown as [number, number]), zeros([3, 4]))).toThrow(
      "pairwiseIou: boxes expected [N, 4], got [2, 3, 4]",
    );
  });
});
