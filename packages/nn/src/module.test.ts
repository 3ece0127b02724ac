import { useBackend } from "@detrkit/test-utils";
import { memory, ones, scalar, tensor1d, type Tensor, zeros } from "@tensorflow/tfjs-core";
import { expect, test, vi } from "vitest";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";

useBackend("cpu");

class Leaf extends Module {
  readonly weight = new Parameter(ones([2, 3]));
  readonly statistics = new Parameter(zeros([3]), { kind: "buffer" });
}

class Tree extends Module {
  readonly head = new Leaf();
  readonly layers = [new Leaf(), new Leaf()];
  readonly parts: Readonly<Record<string, Module>> = { extra: new Leaf() };
  readonly shared: Leaf = this.head;
  readonly settings = { width: 3, name: "tree" };
  readonly missing: Leaf | undefined;
  readonly #hidden = new Leaf();
  cache: Tensor | undefined = scalar(1);

  override disposeCaches(): void {
    this.cache?.dispose();
    this.#hidden.dispose();
  }
}

test("parameters are found by the names that lead to them, in order, shared ones once", () => {
  const tree = new Tree();
  expect([...tree.parameters().keys()]).toEqual(
    ["head", "layers.0", "layers.1", "parts.extra"].flatMap((path) => [`${path}.weight`, `${path}.statistics`]),
  );
  expect([...tree.modules().keys()]).toEqual(["", "head", "layers.0", "layers.1", "parts.extra"]);
  tree.dispose();
});

test("buffers are never trained, frozen weights not until they are thawed", () => {
  const tree = new Tree();
  expect(tree.trainableParameters().size).toBe(4);
  tree.layers[0]?.freeze();
  expect([...tree.trainableParameters().keys()]).toEqual(["head.weight", "layers.1.weight", "parts.extra.weight"]);
  const { weight, statistics } = tree.head;
  expect(weight.value.trainable).toBe(true);
  expect(statistics.value.trainable).toBe(false);
  statistics.setTrainable(true);
  expect(statistics.trainable).toBe(false);
  tree.freeze();
  weight.setTrainable(true);
  expect([...tree.trainableParameters().keys()]).toEqual(["head.weight"]);
  tree.dispose();
});

test("disposing frees parameters and caches", () => {
  const before = memory().numTensors;
  const tree = new Tree();
  expect(memory().numTensors).toBe(before + 11);
  tree.dispose();
  expect(memory().numTensors).toBe(before);
});

test("assigning takes the value over and counts as a change", () => {
  const parameter = new Parameter(tensor1d([1, 2, 3]));
  const value = tensor1d([4, 5, 6]);
  expect(parameter.version).toBe(0);
  parameter.assign(value);
  expect(parameter.version).toBe(1);
  expect(value.isDisposed).toBe(true);
  expect([...parameter.value.dataSync()]).toEqual([4, 5, 6]);
  expect(parameter).toMatchObject({ shape: [3], size: 3, kind: "weight" });
  parameter.dispose();
});

test("modules and parameters of a second copy of this package are part of the tree", async () => {
  vi.resetModules();
  const second = { ...(await import("./module.ts")), ...(await import("./parameter.ts")) };
  expect([second.Module, second.Parameter]).not.toContain(Module);
  class ForeignLeaf extends second.Module {
    readonly weight = new second.Parameter(ones([2, 3]));
    cache: Tensor | undefined = scalar(1);

    override disposeCaches(): void {
      this.cache?.dispose();
    }
  }
  class Mixed extends Module {
    readonly backbone = new ForeignLeaf();
    readonly head = new Leaf();
    readonly scale: unknown = new second.Parameter(scalar(1));
  }
  const before = memory().numTensors;
  const mixed = new Mixed();
  expect([...mixed.parameters().keys()]).toEqual(["backbone.weight", "head.weight", "head.statistics", "scale"]);
  expect([...mixed.modules().keys()]).toEqual(["", "backbone", "head"]);
  const { backbone, head } = mixed;
  expect([backbone, head].map(Module.isInstance)).toEqual([true, true]);
  expect([backbone.weight, {}, null].map(Module.isInstance)).toEqual([false, false, false]);
  expect([backbone.weight, head.weight].map(Parameter.isInstance)).toEqual([true, true]);
  expect([head, {}, undefined].map(Parameter.isInstance)).toEqual([false, false, false]);
  mixed.freeze();
  expect(mixed.trainableParameters().size).toBe(0);
  mixed.dispose();
  expect(memory().numTensors).toBe(before);
});
