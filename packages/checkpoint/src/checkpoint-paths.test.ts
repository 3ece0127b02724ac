import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Random } from "@detrkit/common";
import { Linear, Module } from "@detrkit/nn";
import { describeOnBackends } from "@detrkit/test-utils";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openCheckpoint, saveCheckpoint } from "./checkpoint-paths.ts";
import { readParameters } from "./module-tensors.ts";
import { writeSafetensors } from "./safetensors-writer.ts";

describeOnBackends("checkpoints", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "detrkit-checkpoint-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const metadata = { classes: ["cat", "dög"], categoryIds: [17, 90], config: { preset: "detr-small", queries: 7 } };
  const head = (seed: number): Linear => new Linear({ inputDim: 3, outputDim: 5, random: new Random(seed) });

  test("a model, what is known about it and its training state come back", async () => {
    const path = join(folder, "run", "checkpoint-last.safetensors");
    const [model, other] = [head(1), head(2)];
    const training = {
      tensors: new Map([
        ["moments/weight", { dtype: "float32" as const, shape: [2], values: Float32Array.of(0.1, -0) }],
      ]),
      values: { epoch: 7, random: [1, 2] },
    };
    await saveCheckpoint(path, { model, metadata, training });
    const file = await openCheckpoint(path);
    try {
      expect(file.metadata).toEqual(metadata);
      const report = await file.loadModel(other);
      expect(report).toEqual({ matched: ["weight", "bias"], missing: [], unexpected: [], mismatched: [] });
      expect(await readParameters(other)).toEqual(await readParameters(model));
      expect(await file.readTrainingState(model)).toEqual(training);
    } finally {
      await file.close();
    }
    model.dispose();
    other.dispose();
  });

  test("parameters whose paths have moved since are found, and so is the optimiser's state of them", async () => {
    class Now extends Module {
      readonly queries = new Wrapped();

      override get movedPaths() {
        return [{ from: /^reference\./u, to: "queries.reference." }];
      }
    }
    class Wrapped extends Module {
      readonly reference = head(3);
    }
    class Before extends Module {
      readonly reference = head(4);
    }
    const path = join(folder, "before.safetensors");
    const [before, now] = [new Before(), new Now()];
    const moment = { dtype: "float32" as const, shape: [1], values: Float32Array.of(3) };
    const training = { tensors: new Map([["first/reference.bias", moment]]), values: {} };
    await saveCheckpoint(path, { model: before, metadata, training });
    const file = await openCheckpoint(path);
    expect((await file.loadModel(now)).matched).toEqual(["queries.reference.weight", "queries.reference.bias"]);
    expect([...(await readParameters(now)).values()]).toEqual([...(await readParameters(before)).values()]);
    const state = await file.readTrainingState(now);
    expect([...(state?.tensors ?? [])]).toEqual([["first/queries.reference.bias", moment]]);
    await file.close();
    before.dispose();
    now.dispose();
  });

  test("a checkpoint for inference has no training state, and one of another model is refused", async () => {
    const path = join(folder, "best.safetensors");
    const [model, wider] = [head(1), new Linear({ inputDim: 3, outputDim: 7, random: new Random(1) })];
    await saveCheckpoint(path, { model, metadata });
    const file = await openCheckpoint(path);
    expect(await file.readTrainingState(model)).toBeUndefined();
    await expect(file.loadModel(wider)).rejects.toThrow(
      `${path} does not fit the model: it has other shapes: weight expected [3, 7], got [3, 5]; ` +
        "bias expected [7], got [5]",
    );
    await file.close();
    model.dispose();
    wider.dispose();
  });

  test.each([
    ["no word about a model", {}, "is a safetensors file, but not a detrkit checkpoint"],
    ["a newer format", { detrkit: '{"formatVersion":2}' }, "is a checkpoint of format 2; this detrkit reads format 1"],
    ["damaged JSON", { detrkit: "{" }, "is not JSON; the file is damaged"],
    [
      "too few ids",
      { detrkit: '{"formatVersion":1,"classes":["a"],"categoryIds":[]}' },
      "does not give as many category ids as class names",
    ],
  ])("a header with %s is refused", async (_, strings, reason) => {
    const path = join(folder, "other.safetensors");
    await writeSafetensors(path, new Map(), strings);
    await expect(openCheckpoint(path)).rejects.toThrow(reason);
  });
});
