import { Module, Parameter } from "@detrkit/nn";
import { describeOnBackends, expectClose } from "@detrkit/test-utils";
import { sum, tensor, type Tensor } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { AdamW } from "./adamw.ts";
import type { StateTensor } from "./moments.ts";
import { WeightAverage } from "./weight-average.ts";

class Model extends Module {
  readonly weight = new Parameter(tensor([1, -2]));
  readonly frozen = new Parameter(tensor([5]), { trainable: false });
  readonly statistics = new Parameter(tensor([3]), { kind: "buffer" });
}

const set = (parameter: Parameter, values: readonly number[]): void => parameter.assign(tensor([...values]));
const weightsOf = (model: Model): number[][] =>
  [model.weight, model.frozen, model.statistics].map(({ value }) => [...value.dataSync()]);

describeOnBackends("WeightAverage", () => {
  test("follows weights and buffers by its decay, and frozen weights not at all", async () => {
    const model = new Model();
    const average = new WeightAverage(model, { decay: 0.75, warmupSteps: 0 });
    set(model.weight, [5, -2]);
    set(model.statistics, [7]);
    average.update();
    set(model.weight, [6, 2]);
    average.update();
    // 1 → 1 + 4/4 = 2 → 2 + 4/4 = 3; -2 → -2 → -1; 3 → 4 → 4.75.
    expect(await average.during(async () => weightsOf(model))).toEqual([[3, -1], [5], [4.75]]);
    expect(weightsOf(model)).toEqual([[6, 2], [5], [7]]);
    average.dispose();
    model.dispose();
  });

  test("at first follows fast: its decay rises from 0 as ultralytics' and RT-DETR's", () => {
    const model = new Model();
    const average = new WeightAverage(model, { decay: 0.9999, warmupSteps: 2000 });
    const decays = Array.from({ length: 4000 }, () => {
      const { decay } = average;
      average.update();
      return decay;
    });
    expect(decays[0]).toBeCloseTo(0.9999 * (1 - Math.exp(-1 / 2000)), 12);
    expect(decays[1999]).toBeCloseTo(0.9999 * (1 - Math.exp(-1)), 12);
    expect(decays[3999]).toBeCloseTo(0.9999 * (1 - Math.exp(-2)), 12);
    // Weights that stand still are their own average, to the last bit.
    expect([...model.weight.value.dataSync()]).toEqual([1, -2]);
    average.dispose();
    model.dispose();
  });

  test("is not changed by steps that write the weights in place, and gives them back after an error", async () => {
    const model = new Model();
    const optimizer = new AdamW({ groups: [{ learningRate: 0.5 }], weightDecay: 0 });
    const average = new WeightAverage(model, { decay: 0.5, warmupSteps: 0 });
    const step = (): Promise<unknown> => optimizer.step(model, () => sum(model.weight.value as Tensor));
    await step();
    expectClose(await average.during(async () => model.weight.value.dataSync()), [1, -2]);
    average.update();
    await step();
    const failed = average.during(async () => {
      expectClose(model.weight.value, [0.75, -2.25]);
      await expect(average.during(async () => 1)).rejects.toThrow("WeightAverage.during: call it not within during");
      throw new Error("the disk is full");
    });
    await expect(failed).rejects.toThrow("the disk is full");
    expectClose(model.weight.value, [0, -3]);
    for (const each of [average, optimizer, model]) each.dispose();
  });

  test("goes on with the same numbers from a saved model, and refuses a state without trained weights", async () => {
    const [model, copy] = [new Model(), new Model()];
    const config = { decay: 0.9, warmupSteps: 3 };
    const average = new WeightAverage(model, config);
    set(model.weight, [0.1, 0.7]);
    average.update();
    const state = await average.during(async () => {
      set(copy.weight, [...model.weight.value.dataSync()]);
      set(copy.statistics, [...model.statistics.value.dataSync()]);
      return await average.readTrained();
    });
    expect([...state.keys()].every((name) => WeightAverage.owns(name))).toBe(true);
    await expect(average.readTrained()).rejects.toThrow("WeightAverage.readTrained: call it only within during");
    const resumed = new WeightAverage(copy, config);
    const partial = new Map<string, StateTensor>([...state].filter(([name]) => name !== "trained/weight"));
    expect(() => resumed.loadTrained(partial)).toThrow("trained/weight is missing or of another size");
    resumed.loadTrained(state);
    expect(weightsOf(copy)).toEqual(weightsOf(model));
    for (const [each, own] of [
      [model, average],
      [copy, resumed],
    ] as const) {
      set(each.weight, [0.3, 0.9]);
      own.update();
    }
    expect(await resumed.during(async () => weightsOf(copy))).toEqual(
      await average.during(async () => weightsOf(model)),
    );
    for (const each of [average, resumed, model, copy]) each.dispose();
    expect(() => new WeightAverage(model, { decay: 1 })).toThrow("decay must be in [0, 1), got 1");
  });
});
