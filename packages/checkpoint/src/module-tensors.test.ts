import { Random } from "@detrkit/common";
import { Linear, Module, Parameter } from "@detrkit/nn";
import { describeOnBackends } from "@detrkit/test-utils";
import { tensor1d } from "@tensorflow/tfjs-core";
import { beforeEach, expect, test, vi } from "vitest";
import { loadParameters, readParameters } from "./module-tensors.ts";
import type { TensorData } from "./tensor-data.ts";

class Model extends Module {
  readonly trunk = new Linear({ inputDim: 2, outputDim: 3, random: new Random(1) });
  readonly classHead = new Linear({ inputDim: 3, outputDim: 5, random: new Random(2) });
  readonly counts = new Parameter(tensor1d([7, 11], "int32"), { kind: "buffer" });
}

describeOnBackends("parameters in memory", () => {
  let model: Model;
  beforeEach(() => {
    model = new Model();
    return () => model.dispose();
  });

  const filled = (shape: readonly number[], value: number): TensorData => ({
    dtype: "float32",
    shape,
    values: new Float32Array(shape.reduce((product, size) => product * size, 1)).fill(value),
  });

  async function fileOf(changes: Readonly<Record<string, TensorData | undefined>>): Promise<Map<string, TensorData>> {
    const tensors = new Map(await readParameters(model));
    for (const [path, data] of Object.entries(changes)) {
      if (data === undefined) tensors.delete(path);
      else tensors.set(path, data);
    }
    return tensors;
  }

  test("parameters and buffers are read by path with their dtype", async () => {
    const tensors = await readParameters(model);
    expect([...tensors.keys()]).toEqual(["trunk.weight", "trunk.bias", "classHead.weight", "classHead.bias", "counts"]);
    expect(tensors.get("counts")).toEqual({ dtype: "int32", shape: [2], values: Int32Array.of(7, 11) });
  });

  test("what is loaded is what is read afterwards, and the change is counted", async () => {
    const version = model.trunk.weight.version;
    const wanted = await fileOf({
      "trunk.weight": filled([2, 3], 0.5),
      counts: { dtype: "int32", shape: [2], values: Int32Array.of(13, 17) },
    });
    const report = loadParameters(model, wanted, "a.safetensors");
    expect(report).toEqual({ matched: [...wanted.keys()], missing: [], unexpected: [], mismatched: [] });
    expect(await readParameters(model)).toEqual(wanted);
    expect(model.trunk.weight.version).toBe(version + 1);
  });

  test("missing, unexpected and misshapen tensors are refused together, and nothing is loaded", async () => {
    const before = await readParameters(model);
    const tensors = await fileOf({
      "trunk.weight": filled([2, 3], 9),
      "trunk.bias": undefined,
      extra: filled([1], 0),
      "classHead.bias": filled([4], 0),
    });
    expect(() => loadParameters(model, tensors, "a.safetensors")).toThrow(
      "a.safetensors does not fit the model: it has no tensor for trunk.bias, " +
        "and it has tensors this model does not know: extra, " +
        "and it has other shapes: classHead.bias expected [5], got [4]. Nothing was loaded.",
    );
    expect(await readParameters(model)).toEqual(before);
  });

  test("a long list of problems is cut short", async () => {
    const tensors = await fileOf(
      Object.fromEntries(Array.from({ length: 7 }, (_, index) => [`extra${index}`, filled([1], 0)])),
    );
    expect(() => loadParameters(model, tensors, "a.safetensors")).toThrow("extra4; and 2 more");
  });

  test("a head for other classes keeps its own values where that is allowed, the rest is loaded", async () => {
    const before = await readParameters(model);
    const tensors = await fileOf({
      "trunk.weight": filled([2, 3], 9),
      "classHead.weight": filled([3, 4], 9),
      "classHead.bias": undefined,
    });
    const report = loadParameters(model, tensors, "a.safetensors", { ignoreMismatched: ["classHead.**"] });
    expect(report).toEqual({
      matched: ["trunk.weight", "trunk.bias", "counts"],
      missing: ["classHead.bias"],
      unexpected: [],
      mismatched: [{ path: "classHead.weight", expected: [3, 5], got: [3, 4] }],
    });
    expect(await readParameters(model)).toEqual(new Map(before).set("trunk.weight", filled([2, 3], 9)));
  });

  test("not strict allows missing and unexpected tensors, never another shape", async () => {
    const report = loadParameters(
      model,
      await fileOf({ "trunk.bias": undefined, extra: filled([1], 0) }),
      "a.safetensors",
      { strict: false },
    );
    expect([report.missing, report.unexpected]).toEqual([["trunk.bias"], ["extra"]]);
    const misshapen = await fileOf({ "trunk.bias": filled([2], 0) });
    expect(() => loadParameters(model, misshapen, "a.safetensors", { strict: false })).toThrow(
      "trunk.bias expected [3], got [2]",
    );
  });

  test("parameters of a second copy of @detrkit/nn are written and read", async () => {
    vi.resetModules();
    const second = await import("@detrkit/nn");
    expect(second.Module).not.toBe(Module);
    class Mixed extends Module {
      readonly backbone = new second.Linear({ inputDim: 2, outputDim: 3, random: new Random(3) });
      readonly classHead = new Linear({ inputDim: 3, outputDim: 5, random: new Random(4) });
    }
    const mixed = new Mixed();
    const file = new Map(await readParameters(mixed));
    expect([...file.keys()]).toEqual(["backbone.weight", "backbone.bias", "classHead.weight", "classHead.bias"]);
    file.set("backbone.weight", filled([2, 3], 0.5));
    loadParameters(mixed, file, "a.safetensors");
    expect(await readParameters(mixed)).toEqual(file);
    mixed.dispose();
  });
});
