import { scalar, tensor2d, tidy } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { expectClose } from "./expect-close.ts";
import { useBackend } from "./use-backend.ts";

useBackend("cpu");

test("the allowed error is relative to each value, plus a constant", () => {
  expectClose([100, 0], [101, 0.5], { rtol: 0.01, atol: 0.5 });
  expect(() => expectClose([100, 0], [103, 0], { rtol: 0.01, atol: 0.5 })).toThrow("at [0]: expected 103, got 100");
});

test("tensors, nested lists and flat values can be compared, and a wrong entry is located", () => {
  tidy(() => {
    const tensor = tensor2d([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expectClose(tensor, [
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expectClose(tensor, Float32Array.of(1, 2, 3, 4, 5, 6));
    expectClose(scalar(7), 7);
    expect(() =>
      expectClose(tensor, [
        [1, 2, 3],
        [4, 5, 7],
      ]),
    ).toThrow("1 of 6 values are off (rtol 0.00001, atol 0.000001):\nat [1, 2]: expected 7, got 6");
  });
});

test("a wrong shape fails though the values agree", () => {
  expect(() => expectClose([[1, 2, 3]], [[1], [2], [3]])).toThrow("expected shape [3, 1], got [1, 3]");
  expect(() => expectClose(Float32Array.of(1), [1, 2])).toThrow("expected 2 values, got 1");
});

test("infinities must be the same and NaN is never close", () => {
  expectClose([Infinity, -Infinity], [Infinity, -Infinity]);
  expect(() => expectClose([Infinity], [5], { rtol: 1, atol: 1 })).toThrow("expected 5, got Infinity");
  expect(() => expectClose([NaN], [NaN])).toThrow("expected NaN, got NaN");
});
