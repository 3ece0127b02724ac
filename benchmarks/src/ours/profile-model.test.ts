import { Module } from "@detrkit/nn";
import "@tensorflow/tfjs-backend-cpu";
import { setBackend } from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import { profileLayers, profileOperations } from "./profile-model.ts";

class Layer extends Module {
  calls = 0;

  call(by: number): number {
    this.calls += by;
    return this.calls;
  }
}

class Backbone extends Module {
  readonly stem = new Layer();
  readonly stages = [[new Layer(), new Layer()]];

  call(): number {
    return this.stem.call(1) + this.stages.flat().reduce((sum, block) => sum + block.call(1), 0);
  }
}

class Detector extends Module {
  readonly backbone = new Backbone();
  readonly classHead = new Layer();
  readonly other = new Layer();

  call(): number {
    return this.backbone.call() + this.classHead.call(2) + this.other.call(3);
  }
}

beforeAll(() => setBackend("cpu"));

test("a row for every layer that has a name, in the order of the pass, and the model is left as it was", async () => {
  const detector = new Detector();
  const results: number[] = [];
  const lines = await profileLayers(detector, async () => {
    results.push(detector.call());
  });
  expect(results.slice(0, 2)).toEqual([8, 16]);
  expect(lines.slice(1).map((line) => line.slice(2, 26).trim())).toEqual([
    "backbone: stem",
    "backbone: stage 1",
    "backbone: pooling, masks",
    "heads",
    "elsewhere",
  ]);
  expect(Object.hasOwn(detector.classHead, "call")).toBe(false);
  expect(detector.call()).toBe(8 * (results.length + 1));
});

test("a backend without TensorFlow ops spends all its time between them", async () => {
  const lines = await profileOperations(async () => {});
  expect(lines).toHaveLength(2);
  expect(lines[1]).toContain("JavaScript between ops");
});
