import { Module, Parameter } from "@detrkit/nn";
import { describeOnBackends, expectClose, loadFixture } from "@detrkit/test-utils";
import {
  add,
  div,
  mean,
  memory,
  mul,
  scalar,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  tensor,
} from "@tensorflow/tfjs-core";
import { beforeEach, expect, test, vi } from "vitest";
import { AdamW, type AdamWConfig } from "./adamw.ts";
import { NonFiniteError } from "./non-finite-error.ts";
import type { ParameterGroup } from "./parameter-groups.ts";
import { stepSchedule, type StepScheduleConfig } from "./schedules.ts";

interface GoldenStep {
  readonly slopes: Readonly<Record<string, readonly number[]>>;
  readonly loss: number;
  readonly gradientNorm: number;
  readonly learningRates: readonly number[];
  readonly parameters: Readonly<Record<string, readonly number[]>>;
}

interface Golden {
  readonly tolerance: { readonly rtol: number; readonly atol: number };
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  readonly groups: readonly ParameterGroup[];
  readonly weightDecay: number;
  readonly schedule: StepScheduleConfig;
  readonly runs: readonly {
    readonly clipNorm: number;
    readonly initial: Readonly<Record<string, readonly number[]>>;
    readonly steps: readonly GoldenStep[];
  }[];
}

const golden = (await loadFixture<Golden>(new URL("./__fixtures__/adamw", import.meta.url))).json;

/** Parameters under dotted names, as a module tree of depth two. */
class Tree extends Module {
  readonly [name: string]: unknown;

  constructor(values: Readonly<Record<string, Tensor>>) {
    super();
    const tree: Record<string, Record<string, Parameter>> = {};
    for (const [path, value] of Object.entries(values)) {
      const [module = "", name = ""] = path.split(".");
      tree[module] = { ...tree[module], [name]: new Parameter(value) };
    }
    Object.assign(this, tree);
  }
}

function goldenModel(initial: Golden["runs"][number]["initial"]): Tree {
  return new Tree(
    Object.fromEntries(
      Object.entries(initial).map(([path, values]) => [path, tensor([...values], [...(golden.shapes[path] ?? [])])]),
    ),
  );
}

/** `sum(slope * p) + sum(p^2) / 2` over the parameters that have a slope. */
function goldenLoss(model: Module, slopes: GoldenStep["slopes"]): Tensor {
  const parameters = model.parameters();
  return Object.entries(slopes).reduce<Tensor>((total, [path, slope]) => {
    const value = parameters.get(path)?.value as Tensor;
    return add(total, add(sum(mul(tensor([...slope], value.shape), value)), mul(0.5, sum(square(value)))));
  }, scalar(0));
}

const valueOf = (model: Module, path: string): number[] =>
  Array.from(model.parameters().get(path)?.value.dataSync() ?? []);

describeOnBackends("AdamW", () => {
  const undo: (() => void)[] = [];
  beforeEach(() => () => {
    for (const each of undo.splice(0)) each();
  });

  function setUp(
    values: Readonly<Record<string, Tensor>> | Tree,
    config: Partial<AdamWConfig> = {},
  ): { model: Tree; optimizer: AdamW } {
    const model = values instanceof Tree ? values : new Tree(values);
    const optimizer = new AdamW({ groups: [{ learningRate: 0.1 }], weightDecay: 0, ...config });
    undo.push(
      () => model.dispose(),
      () => optimizer.dispose(),
    );
    return { model, optimizer };
  }

  const oneParameter = (): Readonly<Record<string, Tensor>> => ({ "head.weight": tensor([1, -2]) });
  const weightOf = (model: Module): Tensor => model.parameters().get("head.weight")?.value as Tensor;

  test("the first step moves each entry by the learning rate against its slope, and decay comes on top", async () => {
    // m / (1 - 0.9) = g and v / (1 - 0.999) = g^2, so the step is lr * g / (|g| + eps); decay multiplies by 1 - 0.1 *
    // 0.5.
    const { model, optimizer } = setUp(oneParameter(), { weightDecay: 0.5 });
    const result = await optimizer.step(model, () => sum(mul(weightOf(model), tensor([3, -4]))));
    expect(valueOf(model, "head.weight")[0]).toBeCloseTo(1 * 0.95 - 0.1, 6);
    expect(valueOf(model, "head.weight")[1]).toBeCloseTo(-2 * 0.95 + 0.1, 6);
    expect(result).toEqual({ loss: 11, terms: {}, gradientNorm: 5, learningRates: [0.1] });
  });

  test.each(golden.runs.map((run) => [run.clipNorm, run] as const))(
    "ten steps equal torch's with clip norm %d",
    async (clipNorm, run) => {
      const { model, optimizer } = setUp(goldenModel(run.initial), {
        groups: golden.groups,
        weightDecay: golden.weightDecay,
        clipNorm,
        schedule: stepSchedule(golden.schedule),
      });
      for (const step of run.steps) {
        const result = await optimizer.step(model, () => goldenLoss(model, step.slopes));
        expectClose(
          [result.loss, result.gradientNorm, ...result.learningRates],
          [step.loss, step.gradientNorm, ...step.learningRates],
          golden.tolerance,
        );
        for (const [path, values] of Object.entries(step.parameters))
          expectClose(valueOf(model, path), values, golden.tolerance);
      }
    },
  );

  test("a clone taken before, and the array that a value was made from, keep the old values", async () => {
    const values = Float32Array.of(1, -2);
    const { model, optimizer } = setUp({ "head.weight": tensor(values) });
    const loss = (): Tensor => sum(mul(weightOf(model), tensor([3, -4])));
    await optimizer.step(model, loss);
    const clone = weightOf(model).clone();
    const once = valueOf(model, "head.weight");
    await optimizer.step(model, loss);
    expect([...values]).toEqual([1, -2]);
    expect([...clone.dataSync()]).toEqual(once);
    expect(valueOf(model, "head.weight")).not.toEqual(once);
    clone.dispose();
  });

  test("a run resumed from its saved state goes on to the last bit, whatever had a gradient when", async () => {
    const [run] = golden.runs;
    if (run === undefined) throw new Error("the golden file is empty");
    const config = { groups: golden.groups, clipNorm: 1.5 };
    const { model, optimizer } = setUp(goldenModel(run.initial), config);
    const { model: other, optimizer: resumed } = setUp(goldenModel(run.initial), config);
    for (const step of run.steps.slice(0, 5)) await optimizer.step(model, () => goldenLoss(model, step.slopes));
    for (const [path, parameter] of other.parameters())
      parameter.assign(tensor(valueOf(model, path), [...parameter.shape]));
    resumed.loadState(await optimizer.readState());
    expect(resumed.stepsDone).toBe(5);
    for (const step of run.steps.slice(5)) {
      await optimizer.step(model, () => goldenLoss(model, step.slopes));
      await resumed.step(other, () => goldenLoss(other, step.slopes));
    }
    for (const path of model.parameters().keys()) expect(valueOf(other, path)).toEqual(valueOf(model, path));
    expect(await resumed.readState()).toEqual(await optimizer.readState());
  });

  test("frozen parameters and those the loss does not depend on keep their values, decay or not", async () => {
    const { model, optimizer } = setUp(
      { "a.x": tensor([1]), "b.x": tensor([2]), "c.x": tensor([3]) },
      { weightDecay: 0.5 },
    );
    model.parameters().get("b.x")?.setTrainable(false);
    const parameters = model.parameters();
    await optimizer.step(model, () =>
      sum(add(square(parameters.get("a.x")?.value as Tensor), parameters.get("b.x")?.value as Tensor)),
    );
    expect(["a.x", "b.x", "c.x"].map((path) => valueOf(model, path)[0])).toEqual([expect.closeTo(0.85, 6), 2, 3]);
    expect([...(await optimizer.readState()).keys()]).toEqual(["first/a.x", "second/a.x", "steps/a.x", "stepsDone"]);
  });

  test("terms are read beside the loss, tensors and numbers alike", async () => {
    const { model, optimizer } = setUp(oneParameter());
    const result = await optimizer.step(model, () => {
      const box = sum(square(weightOf(model)));
      return { loss: mul(box, 2), terms: { box, cardinality: 7, mean: mean(weightOf(model)) } };
    });
    expect(result).toMatchObject({ loss: 10, terms: { box: 5, cardinality: 7, mean: -0.5 } });
  });

  test("a loss that is itself one of the terms is read once and freed once", async () => {
    const { model, optimizer } = setUp(oneParameter());
    const result = await optimizer.step(model, () => {
      const loss = sum(weightOf(model));
      return { loss, terms: { sum: loss } };
    });
    expect(result).toMatchObject({ loss: -1, terms: { sum: -1 } });
  });

  test("a loss that is not finite changes nothing, and the error gives the terms", async () => {
    const { model, optimizer } = setUp(oneParameter());
    await optimizer.step(model, () => sum(weightOf(model)));
    const [before, state] = [valueOf(model, "head.weight"), await optimizer.readState()];
    const failed: unknown = await optimizer
      .step(model, () => {
        const loss = sum(div(weightOf(model), 0));
        return { loss, terms: { class: 1, box: loss } };
      })
      .catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(NonFiniteError);
    expect(failed).toMatchObject({
      code: "ERR_NON_FINITE",
      message: "AdamW.step: the loss is NaN (class 1, box NaN); nothing was changed",
    });
    expect([valueOf(model, "head.weight"), await optimizer.readState()]).toEqual([before, state]);
  });

  test("a gradient that is not finite under a finite loss changes nothing either", async () => {
    const { model, optimizer } = setUp(oneParameter());
    await optimizer.step(model, () => sum(weightOf(model)));
    const [before, state] = [valueOf(model, "head.weight"), await optimizer.readState()];
    // The square root's slope at 0 is infinite.
    const step = optimizer.step(model, () => sum(sqrt(mul(0, sub(weightOf(model), weightOf(model))))));
    await expect(step).rejects.toThrow("AdamW.step: the loss is 0, but the norm of its gradients");
    expect([valueOf(model, "head.weight"), await optimizer.readState()]).toEqual([before, state]);
  });

  test("tensor count is flat over steps", async () => {
    const { model, optimizer } = setUp(oneParameter());
    const counts: number[] = [];
    for (let step = 0; step < 3; step++) {
      await optimizer.step(model, () => sum(square(weightOf(model))));
      counts.push(memory().numTensors);
    }
    expect(counts).toEqual([counts[0], counts[0], counts[0]]);
  });

  test("what can't be trained is refused with what to do", async () => {
    const values = { ...oneParameter(), "backbone.weight": tensor([1]) };
    const { model, optimizer } = setUp(values, { groups: [{ match: "backbone.**", learningRate: 1 }] });
    await expect(optimizer.step(model, () => sum(weightOf(model)))).rejects.toThrow(
      'AdamW: no group has "head.weight". Add a last group without match',
    );
    const promised = (async () => 1) as unknown as () => Tensor;
    await expect(optimizer.step(model, promised)).rejects.toThrow("the loss must be computed synchronously");
    model.freeze();
    await expect(optimizer.step(model, () => sum(weightOf(model)))).rejects.toThrow(
      "the model has no trainable parameter",
    );
    expect(() => new AdamW({ groups: [{ learningRate: -1 }] })).toThrow(
      "learning rate and weight decay must be finite and 0 or more, got -1 and 0",
    );
    expect(() => new AdamW({ groups: [], betas: [0.9, 1] })).toThrow("betas must be in [0, 1), got 0.9 and 1");
    expect(() => new AdamW({ groups: [], betas: [0.9] as unknown as [number, number] })).toThrow(
      "betas expected two numbers, got 1",
    );
    expect(() => new AdamW({ groups: [], epsilon: -1 })).toThrow("epsilon must be finite and 0 or more, got -1");
    expect(() => new AdamW({ groups: [{ learningRate: Infinity }] })).toThrow(
      "learning rate and weight decay must be finite and 0 or more, got Infinity and 0",
    );
    expect(() => new AdamW({ groups: [], clipNorm: NaN })).toThrow(
      "weightDecay and clipNorm must be 0 or more, got 0.01 and NaN",
    );
  });

  test("a group's pattern that matches no parameter is refused with the closest paths; frozen ones count", async () => {
    const others = { "backbone.weight": tensor([1]), "backbone.bias": tensor([2]), "neck.bias": tensor([3]) };
    const groups = [{ match: ["neck.**", "backbon.**"], learningRate: 1 }, { learningRate: 2 }];
    const { model, optimizer } = setUp({ ...oneParameter(), ...others }, { groups });
    await expect(optimizer.step(model, () => sum(weightOf(model)))).rejects.toThrow(
      'AdamW: the pattern "backbon.**" of a parameter group matches none of the model\'s 4 parameters; ' +
        "the closest are backbone.weight, backbone.bias, neck.bias. Correct the pattern or leave it out",
    );
    expect([valueOf(model, "head.weight"), optimizer.stepsDone]).toEqual([[1, -2], 0]);
    const correct = [{ match: "backbone.**", learningRate: 1 }, { learningRate: 2 }];
    const { optimizer: corrected } = setUp(model, { groups: correct });
    for (const [path, parameter] of model.parameters()) if (path.startsWith("backbone")) parameter.setTrainable(false);
    await corrected.step(model, () => sum(weightOf(model)));
    expectClose(valueOf(model, "head.weight"), [-1, -4]);
  });

  test("parameters of a second copy of @detrkit/nn are trained", async () => {
    vi.resetModules();
    const second = await import("@detrkit/nn");
    expect(second.Parameter).not.toBe(Parameter);
    class ForeignHead extends second.Module {
      readonly weight = new second.Parameter(tensor([1, -2]));
    }
    class Model extends Module {
      readonly head = new ForeignHead();
    }
    const model = new Model();
    const { optimizer } = setUp(oneParameter(), { groups: [{ match: "head.*", learningRate: 0.1 }] });
    await optimizer.step(model, () => sum(mul(weightOf(model), tensor([3, -4]))));
    expectClose(model.head.weight.value, [0.9, -1.9]);
    expect([...(await optimizer.readState()).keys()]).toContain("first/head.weight");
    model.dispose();
  });

  test("a state that is not whole, or of another model, is refused by name", async () => {
    const { model, optimizer } = setUp(oneParameter());
    await optimizer.step(model, () => sum(weightOf(model)));
    const state = new Map(await optimizer.readState());
    expect(() => optimizer.loadState(new Map())).toThrow('"stepsDone" is missing');
    const half = new Map(state);
    half.delete("second/head.weight");
    expect(() => optimizer.loadState(half)).toThrow('the state of "head.weight" is not complete');
    expect(await optimizer.readState()).toEqual(state);
    const { model: wider, optimizer: other } = setUp({ "head.weight": tensor([1, 2, 3]) });
    other.loadState(state);
    await expect(other.step(wider, () => sum(weightOf(wider)))).rejects.toThrow(
      'the loaded state of "head.weight" has 2 values, the parameter 3',
    );
  });
});
