import { Module, Parameter } from "@detrkit/nn";
import { describeOnBackends, expectClose } from "@detrkit/test-utils";
import { add, mul, type Scalar, sum, type Tensor, tensor, tensor1d } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { AdamW } from "./adamw.ts";
import { NonFiniteError } from "./non-finite-error.ts";

class Model extends Module {
  readonly weight = new Parameter(tensor([1, -2]));
  readonly bias = new Parameter(tensor([0.5]));
}

describeOnBackends("accumulated gradients", () => {
  /** Squares, so that the gradients depend on the weights: they must all be of the same weights. */
  const batch = (model: Model, inputs: readonly number[], withBias: boolean) => () => {
    const predicted = sum(mul(model.weight.value, tensor1d([...inputs]))) as Scalar;
    const squared = mul(predicted, predicted) as Scalar;
    const loss = withBias ? (add(squared, sum(model.bias.value)) as Scalar) : squared;
    return { loss, terms: { squared, count: inputs.length } };
  };
  const optimizerOf = (): AdamW => new AdamW({ groups: [{ learningRate: 0.1 }], clipNorm: 1 });

  test("a step with three batches is the step on the mean of their losses", async () => {
    const [one, other] = [new Model(), new Model()];
    const [accumulating, whole] = [optimizerOf(), optimizerOf()];
    for (let step = 0; step < 2; step++) {
      await accumulating.accumulate(one, batch(one, [1, 2], false));
      await accumulating.accumulate(one, batch(one, [3, 5], true));
      const done = await accumulating.step(one, batch(one, [7, -1], false));
      const expected = await whole.step(other, () => {
        const losses = [batch(other, [1, 2], false), batch(other, [3, 5], true), batch(other, [7, -1], false)];
        const total = losses.reduce<Tensor>((all, compute) => add(all, compute().loss), tensor(0));
        return mul(total, 1 / 3);
      });
      expect(done.loss).toBeCloseTo(expected.loss, 4);
      expect(done.gradientNorm).toBeCloseTo(expected.gradientNorm, 3);
      expect(done.terms).toEqual({ squared: expect.any(Number) as number, count: 2 });
      expect(done.learningRates).toEqual([0.1]);
    }
    expectClose(one.weight.value, [...other.weight.value.dataSync()], { rtol: 1e-5, atol: 1e-6 });
    expectClose(one.bias.value, [...other.bias.value.dataSync()], { rtol: 1e-5, atol: 1e-6 });
    expect(accumulating.stepsDone).toBe(2);
    for (const each of [one, other, accumulating, whole]) each.dispose();
  });

  test("a batch whose loss is not finite, or fails, takes the others with it", async () => {
    const model = new Model();
    const optimizer = optimizerOf();
    await optimizer.accumulate(model, batch(model, [1, 2], false));
    await expect(optimizer.accumulate(model, batch(model, [Infinity, 0], false))).rejects.toThrow(NonFiniteError);
    await optimizer.accumulate(model, batch(model, [1, 2], false));
    const failing = (): never => {
      throw new Error("no matching");
    };
    await expect(optimizer.step(model, failing)).rejects.toThrow("no matching");
    expectClose(model.weight.value, [1, -2]);
    const alone = await optimizer.step(model, batch(model, [1, 1], false));
    expect(alone.loss).toBe(1);
    optimizer.dispose();
    model.dispose();
  });
});
