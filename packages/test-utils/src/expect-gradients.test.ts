import { add, customGrad, mul, type Tensor, tensor1d, tidy, type Variable, variable } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { expectGradients } from "./expect-gradients.ts";
import { uniformTensor } from "./uniform-tensor.ts";
import { useBackend } from "./use-backend.ts";

useBackend("cpu");

const wrongCube = customGrad((x, save) => {
  (save as (tensors: Tensor[]) => void)([x as Tensor]);
  return {
    value: mul(mul(x as Tensor, x as Tensor), x as Tensor),
    gradFunc: (dy: Tensor, [saved]: Tensor[]) => mul(dy, mul(saved as Tensor, 2)),
  };
});

function variableOf(values: number[]): Variable {
  return tidy(() => variable(tensor1d(values)));
}

test("a right gradient passes, for inputs and variables", () => {
  const x = uniformTensor([2, 3], { seed: 3 });
  const y = uniformTensor([3], { seed: 5 });
  const weight = variableOf([0.5, -1, 2]);
  expectGradients((a, b) => add(mul(mul(a as Tensor, a as Tensor), weight), b as Tensor), [x, y], {
    variables: [weight],
  });
  expect(Array.from(weight.dataSync())).toEqual([0.5, -1, 2]);
  for (const each of [x, y, weight]) each.dispose();
});

test("a wrong gradient is found", () => {
  const x = tensor1d([0.5, 1, 2]);
  expect(() => expectGradients((a) => wrongCube(a as Tensor), [x])).toThrow("values are off");
  x.dispose();
});

test("a wrong gradient by a variable is found", () => {
  const weight = variableOf([0.5, 1, 2]);
  expect(() => expectGradients(() => wrongCube(weight), [], { variables: [weight] })).toThrow("values are off");
  weight.dispose();
});
