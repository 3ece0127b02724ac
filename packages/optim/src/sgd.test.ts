import { Module, Parameter } from "@detrkit/nn";
import { describeOnBackends, expectClose } from "@detrkit/test-utils";
import { mul, sum, type Tensor, tensor, tensor1d } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { AdamW } from "./adamw.ts";
import type { StateTensor } from "./moments.ts";
import { Sgd, type SgdConfig } from "./sgd.ts";

class Model extends Module {
  readonly weight = new Parameter(tensor([1, -2]));
  readonly bias = new Parameter(tensor([0.5]));
}

/** A loss with these constant gradients. */
const slopes = (model: Model, weight: readonly number[], bias?: number) => (): Tensor => {
  const own = sum(mul(model.weight.value, tensor1d([...weight])));
  return bias === undefined ? own : sum(mul(model.bias.value, bias)).add(own);
};

async function withModel(config: Partial<SgdConfig>, work: (model: Model, sgd: Sgd) => Promise<void>): Promise<void> {
  const model = new Model();
  const sgd = new Sgd({ groups: [{ learningRate: 0.1 }], ...config });
  await work(model, sgd);
  sgd.dispose();
  model.dispose();
}

describeOnBackends("Sgd", () => {
  test("two steps with momentum and decay are PyTorch's, computed by hand", async () => {
    await withModel({ momentum: 0.9, weightDecay: 0.5 }, async (model, sgd) => {
      const first = await sgd.step(model, slopes(model, [3, -4]));
      // v = g + 0.5 p = [3.5, -5]; p = [1, -2] - 0.1 v
      expectClose(model.weight.value, [0.65, -1.5]);
      expect(first).toMatchObject({ loss: 11, gradientNorm: 5, learningRates: [0.1] });
      await sgd.step(model, slopes(model, [1, 1]));
      // v = 0.9 · [3.5, -5] + [1, 1] + 0.5 · [0.65, -1.5] = [4.475, -4.25]
      expectClose(model.weight.value, [0.2025, -1.075]);
      // No gradient, so no decay either.
      expectClose(model.bias.value, [0.5]);
    });
  });

  test("gradients are clipped by their joint norm, before the decay", async () => {
    await withModel({ momentum: 0, weightDecay: 1, clipNorm: 2 }, async (model, sgd) => {
      const { gradientNorm } = await sgd.step(model, slopes(model, [2, 4], 4));
      expect(gradientNorm).toBe(6);
      // A third of the gradient, to 1e-6, plus the weights.
      expectClose(model.weight.value, [1 - 0.1 * (2 / 3 + 1), -2 - 0.1 * (4 / 3 - 2)], { rtol: 1e-6, atol: 1e-6 });
    });
  });

  test("a loaded state goes on with the same numbers", async () => {
    await withModel({}, async (model, sgd) => {
      await withModel({}, async (copy, resumed) => {
        await sgd.step(model, slopes(model, [3, -4], 2));
        const state = await sgd.readState();
        expect([...state.keys()].toSorted()).toEqual(["stepsDone", "velocity/bias", "velocity/weight"]);
        copy.weight.assign(tensor([...(await model.weight.value.data())]));
        copy.bias.assign(tensor([...(await model.bias.value.data())]));
        resumed.loadState(state);
        await sgd.step(model, slopes(model, [1, 2], 3));
        await resumed.step(copy, slopes(copy, [1, 2], 3));
        expect(resumed.stepsDone).toBe(2);
        expect([...copy.weight.value.dataSync()]).toEqual([...model.weight.value.dataSync()]);
        expect([...copy.bias.value.dataSync()]).toEqual([...model.bias.value.dataSync()]);
      });
    });
  });

  test("a gradient that is not finite changes nothing, and a foreign state is refused by name", async () => {
    await withModel({}, async (model, sgd) => {
      await expect(sgd.step(model, slopes(model, [Infinity, 0]))).rejects.toThrow("Sgd.step: the loss is Infinity");
      expectClose(model.weight.value, [1, -2]);
      const adamW = new AdamW({ groups: [{ learningRate: 1 }] });
      await adamW.step(model, slopes(model, [1, 1]));
      const state = await adamW.readState();
      expect(() => sgd.loadState(state)).toThrow('Sgd.loadState: "first/weight" is of another optimiser');
      adamW.dispose();
      expect(() => new Sgd({ groups: [], momentum: 1 })).toThrow("Sgd: momentum must be in [0, 1), got 1");
      const wide = { dtype: "float32", shape: [3], values: new Float32Array(3) } as const;
      const stepsDone = { dtype: "int32", shape: [1], values: Int32Array.of(1) } as const;
      const tooWide = new Map<string, StateTensor>([
        ["velocity/weight", wide],
        ["stepsDone", stepsDone],
      ]);
      sgd.loadState(tooWide);
      await expect(sgd.step(model, slopes(model, [1, 1]))).rejects.toThrow(
        'Sgd: the loaded state of "weight" has 3 values, the parameter 2',
      );
    });
  });
});
