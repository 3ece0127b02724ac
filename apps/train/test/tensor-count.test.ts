import { join } from "node:path";
import { describeOnBackends, temporaryFolder } from "@detrkit/test-utils";
import { memory } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { resolveConfig } from "../src/configuration/resolve-config.ts";
import { train } from "../src/training/train.ts";
import { tinyDetrSettings, tinySettings } from "./support/tiny-run.ts";

const folder = temporaryFolder();

describeOnBackends("memory", (backend) => {
  test.each([
    ["Deformable DETR", tinySettings],
    ["Deformable DETR of two stages", { ...tinySettings, twoStage: true }],
    ["DETR", tinyDetrSettings],
    ["accumulated and averaged", { ...tinySettings, accumulate: 2, averageWeights: { decay: 0.9 } }],
    ["SGD", { ...tinySettings, optimizer: { kind: "sgd" } }],
  ])("the number of tensors is the same after every step: %s", async (name, settings) => {
    const counts: number[] = [];
    const config = resolveConfig({ ...settings, epochs: 6, output: join(folder, `${backend}-${name}`) });
    const { records } = await train(config, "refuse", {
      report: (event) => {
        if (event.kind === "step") counts.push(memory().numTensors);
      },
    });
    expect(counts).toHaveLength(24 / config.accumulate);
    // The first step makes the optimiser's moments; from the second on nothing may be added.
    expect(new Set(counts.slice(1)).size).toBe(1);
    expect(new Set(records.map(({ memory: { tensors } = {} }) => tensors)).size).toBe(1);
    const [first = 0, ...later] = records.map(({ memory: { resident = 0 } = {} }) => resident);
    expect(first).toBeGreaterThan(0);
    // JavaScript's own heap still grows in the first minute; more than that would be a leak.
    expect(Math.max(...later) - first).toBeLessThan(256 * 2 ** 20);
  });
});
