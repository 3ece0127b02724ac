import { Random } from "@detrkit/common";
import { describeOnBackends, expectClose, expectGradients, uniformTensor } from "@detrkit/test-utils";
import { ones, type Rank, tidy } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { dropout } from "./dropout.ts";

describeOnBackends("dropout", () => {
  test("drops about its rate, and scales the rest so that the mean stays", () => {
    tidy(() => {
      const values = [...dropout(ones([101, 103]), 0.25, new Random(1)).dataSync()];
      const kept = values.filter((value) => value !== 0);
      expectClose(
        kept,
        kept.map(() => 4 / 3),
      );
      expect(kept.length / values.length).toBeCloseTo(0.75, 1);
    });
  });

  test("the same seed drops the same, and the next call others", () => {
    tidy(() => {
      const input = ones([7, 11, 13]);
      const [first, second] = [new Random(5), new Random(5)];
      const dropped = dropout(input, 0.5, first).dataSync();
      expect(dropout(input, 0.5, second).dataSync()).toEqual(dropped);
      expect(dropout(input, 0.5, first).dataSync()).not.toEqual(dropped);
    });
  });

  test("one number is drawn, whatever the size", () => {
    tidy(() => {
      const [used, reference] = [new Random(5), new Random(5)];
      dropout(ones([17]), 0.5, used);
      reference.uint32();
      expect(used.uint32()).toBe(reference.uint32());
    });
  });

  test("the gradient is dropped where the value was", () => {
    tidy(() => {
      expectGradients((input) => dropout(input, 0.4, new Random(3)), [uniformTensor<Rank.R2>([3, 5], { seed: 1 })]);
    });
  });

  test("a rate of 1 is refused", () => {
    tidy(() => {
      expect(() => dropout(ones([2]), 1, new Random(1))).toThrow("dropout: rate must be at least 0 and below 1, got 1");
    });
  });
});
