import { axesBeyondGpus, describeOnBackends, expectClose, useBackend } from "@detrkit/test-utils";
import { grads, memory, profile, sum, type Tensor, tidy } from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { randomOperands, tensorsOf, withTensors } from "../../test-support/random-operands.ts";
import { composedDeformableAttention } from "./composed.ts";

const shape = {
  B: 2,
  Q: 13,
  M: 3,
  C: 5,
  P: 2,
  levels: [
    [3, 5],
    [1, 2],
  ],
} as const;

describeOnBackends("composedDeformableAttention", () => {
  test.each([1, 60_000, 100_000, 1e9])(
    "a budget of %i bytes changes neither the result nor the gradients",
    (budget) => {
      tidy(() => {
        const operands = randomOperands(shape, 1, "anywhere");
        const run =
          (bytes?: number) =>
          (...tensors: Tensor[]): Tensor =>
            composedDeformableAttention(withTensors(operands, tensors), bytes);
        const all = tensorsOf(operands);
        expectClose(run(budget)(...all), run()(...all));
        const gradients = (bytes?: number): Tensor[] =>
          grads((...tensors: Tensor[]) => sum(run(bytes)(...tensors)))(all);
        gradients(budget).forEach((gradient, index) =>
          expectClose(gradient, gradients()[index] as Tensor, { atol: 1e-5 }),
        );
      });
    },
  );
});

describe("where the composed op is what runs", () => {
  useBackend("cpu");

  test("no op of it or of its gradients has more axes than GPUs' kernels take", async () => {
    const operands = randomOperands(shape, 1, "anywhere");
    const compute = (...tensors: Tensor[]): Tensor => sum(composedDeformableAttention(withTensors(operands, tensors)));
    expect(await axesBeyondGpus(() => tidy(() => void grads(compute)(tensorsOf(operands))))).toEqual([]);
    for (const each of tensorsOf(operands)) each.dispose();
  });
});

describe("memory of the composed op", () => {
  useBackend("cpu");
  const peak = async (queries: number, budget: number): Promise<number> => {
    const operands = randomOperands(
      {
        B: 1,
        Q: queries,
        M: 2,
        C: 11,
        P: 4,
        levels: [
          [3, 5],
          [4, 2],
        ],
      },
      1,
      "smooth",
    );
    const before = memory().numBytes;
    const compute = (...tensors: Tensor[]): Tensor =>
      sum(composedDeformableAttention(withTensors(operands, tensors), budget));
    const { peakBytes } = await profile(() => tidy(() => void grads(compute)(tensorsOf(operands))));
    for (const each of tensorsOf(operands)) each.dispose();
    return peakBytes - before;
  };

  test("does not grow with the queries: eight times as many need little more than their own results", async () => {
    const [few, many, atOnce] = [await peak(13, 150_000), await peak(104, 150_000), await peak(104, 1e9)];
    const results = 104 * 4 * (2 * 22 + 3 * 48);
    expect(many - few).toBeLessThan(results);
    expect(atOnce - few).toBeGreaterThan(8 * results);
  });
});
