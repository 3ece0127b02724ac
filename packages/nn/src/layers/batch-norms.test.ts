import { describeOnBackends, expectClose, expectGradients, uniformTensor } from "@detrkit/test-utils";
import { memory, type Rank, sum, tensor1d, tensor2d, tensor4d, tidy, variableGrads } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { BatchNorm } from "./batch-norm.ts";
import { FrozenBatchNorm } from "./frozen-batch-norm.ts";

function assignAll(
  norm: BatchNorm | FrozenBatchNorm,
  values: { weight: number[]; bias: number[]; mean: number[]; variance: number[] },
): void {
  norm.weight.assign(tensor1d(values.weight));
  norm.bias.assign(tensor1d(values.bias));
  norm.runningMean.assign(tensor1d(values.mean));
  norm.runningVariance.assign(tensor1d(values.variance));
}

const values = { weight: [2, 3], bias: [10, 20], mean: [1, -1], variance: [4, 0.25] };

describeOnBackends("FrozenBatchNorm", () => {
  test("normalises by the buffers, epsilon inside the root", () => {
    const norm = new FrozenBatchNorm({ channels: 2, epsilon: 0 });
    const eased = new FrozenBatchNorm({ channels: 2, epsilon: 5 });
    for (const each of [norm, eased]) assignAll(each, values);
    tidy(() => {
      expectClose(norm.call(tensor2d([[3, -2]])), [[12, 14]]);
      expectClose(eased.call(tensor2d([[4, -1]])), [[12, 20]]);
    });
    for (const each of [norm, eased]) each.dispose();
  });

  test("has nothing to train", () => {
    const norm = new FrozenBatchNorm({ channels: 2 });
    expect(norm.parameters().size).toBe(4);
    expect(norm.trainableParameters().size).toBe(0);
    norm.dispose();
  });

  test("its scale and shift are kept until a buffer changes", () => {
    const norm = new FrozenBatchNorm({ channels: 2, epsilon: 0 });
    const first = norm.scaleAndShift();
    expect(norm.scaleAndShift()).toBe(first);
    assignAll(norm, values);
    const second = norm.scaleAndShift();
    expect(first.scale.isDisposed).toBe(true);
    expectClose(second.scale, [1, 6]);
    expectClose(second.shift, [9, 26]);
    const before = memory().numTensors;
    tidy(() => {
      norm.call(tensor2d([[1, 2]]));
    });
    expect(memory().numTensors).toBe(before);
    norm.dispose();
  });

  test("gradient by the input", () => {
    const norm = new FrozenBatchNorm({ channels: 3 });
    assignAll(norm, { weight: [2, 3, -1], bias: [1, 0, 0], mean: [1, -1, 0], variance: [4, 0.25, 1] });
    tidy(() => expectGradients((input) => norm.call(input), [uniformTensor<Rank.R4>([2, 3, 1, 3], { seed: 1 })]));
    norm.dispose();
  });
});

describeOnBackends("BatchNorm", () => {
  test("normalises by the running statistics unless training", () => {
    const norm = new BatchNorm({ channels: 2, epsilon: 0 });
    assignAll(norm, values);
    tidy(() => expectClose(norm.call(tensor2d([[3, -2]])), [[12, 14]]));
    expectClose(norm.runningMean.value, values.mean);
    norm.dispose();
  });

  test("in training, by the batch's, of which a tenth goes into the running ones", () => {
    const norm = new BatchNorm({ channels: 1, epsilon: 0 });
    tidy(() => {
      // Mean 4, biased variance 5, unbiased 20/3.
      const input = tensor4d([1, 3, 5, 7], [2, 1, 2, 1]);
      const unit = 1 / Math.sqrt(5);
      expectClose(norm.call(input, { training: true }).dataSync(), [-3 * unit, -unit, unit, 3 * unit]);
    });
    expectClose(norm.runningMean.value, [0.4]);
    expectClose(norm.runningVariance.value, [0.9 + 20 / 30]);
    norm.dispose();
  });

  test("gradients in training by input, weight and bias; the buffers are not trained", () => {
    const norm = new BatchNorm({ channels: 3 });
    assignAll(norm, { weight: [2, 3, -1], bias: [1, 0, 0], mean: [0, 0, 0], variance: [1, 1, 1] });
    const variables = [norm.weight.value, norm.bias.value];
    tidy(() =>
      expectGradients(
        (input) => norm.call(input, { training: true }),
        [uniformTensor<Rank.R4>([2, 2, 2, 3], { seed: 1 })],
        { variables },
      ),
    );
    expect([...norm.trainableParameters().keys()]).toEqual(["weight", "bias"]);
    norm.dispose();
  });

  test("the running statistics move while gradients are taken, without leaking", () => {
    const norm = new BatchNorm({ channels: 1, momentum: 0.5 });
    const step = (): void =>
      tidy(() => {
        variableGrads(() => sum(norm.call(tensor4d([3, 5], [1, 1, 2, 1]), { training: true })));
      });
    step();
    const before = memory().numTensors;
    step();
    expect(memory().numTensors).toBe(before);
    expectClose(norm.runningMean.value, [3]);
    norm.dispose();
  });
});
