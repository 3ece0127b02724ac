import { type Tensor, tensor1d } from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { useBackend } from "./use-backend.ts";

useBackend("cpu");

let ofFile: Tensor;
let ofTest: Tensor;
beforeAll(() => {
  ofFile = tensor1d([2]);
});
beforeEach(() => {
  ofTest = tensor1d([3]);
});
afterEach(() => ofTest.dispose());

test("what hooks make for a test and free after it is no leak", () => {
  const ownTensor = tensor1d([5]);
  ownTensor.dispose();
  expect(ownTensor.isDisposed).toBe(true);
});

test.fails("a tensor left behind fails the test", () => {
  expect(tensor1d([7]).isDisposed).toBe(false);
});

test.fails("freeing what is not the test's own fails it", () => {
  ofFile.dispose();
  expect(ofFile.isDisposed).toBe(true);
});
