import { existsSync, statSync } from "node:fs";
import { copyFile, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openCheckpoint, readSafetensors } from "@detrkit/checkpoint";
import { SetCriterion, softmaxClassification } from "@detrkit/criterion";
import { defineTransform, detrEvaluation, loadPixels, openDataset } from "@detrkit/datasets";
import { createDetector } from "@detrkit/detr";
import { loadDetector } from "@detrkit/inference";
import { classProbability, HungarianMatcher } from "@detrkit/matcher";
import { AdamW } from "@detrkit/optim";
import { temporaryFolder, useBackend } from "@detrkit/test-utils";
import { data, detector, finalState, numbersOf, trainAnew, transforms } from "../test-support/tiny-run.ts";
import { beforeAll, describe, expect, test } from "vitest";
import { readLog } from "./epoch-record.ts";
import { evaluateDetector } from "./evaluate-detector.ts";
import { lockName, runFiles } from "./run-files.ts";
import { train } from "./train.ts";
import type { TrainingOutcome, TrainOptions } from "./train-options.ts";
import type { TrainingEvent } from "./training-events.ts";

const folder = temporaryFolder();
useBackend("cpu");

test("parts and a folder are enough: the rest has defaults", async () => {
  const output = join(folder, "defaults");
  const model = createDetector(detector);
  const criterion = new SetCriterion({
    matcher: new HungarianMatcher({ costs: [classProbability({ weight: 1 })] }),
    losses: [softmaxClassification()],
  });
  const optimizer = new AdamW({ groups: [{ learningRate: 1e-4 }] });
  const said: unknown[] = [];
  // Stopped before its first step: DETR's images of 800 pixels take plain JavaScript too long.
  const signal = AbortSignal.abort();
  await train({ model, criterion, optimizer, data, output, signal, report: (event) => said.push(event) });
  expect(said).toEqual([{ kind: "message", text: expect.stringContaining(" 2 steps an epoch") as string }]);
  const { lastCheckpoint } = runFiles(output);
  const file = await openCheckpoint(lastCheckpoint);
  await file.close();
  expect(file.metadata).toEqual({
    classes: ["circle", "square"],
    categoryIds: data.training.categoryIds,
    config: { transforms: detrEvaluation },
  });
  await expect(loadDetector(lastCheckpoint)).rejects.toThrow("without a configuration of its model");
  model.dispose();
});

describe("a run of built parts", () => {
  const output = join(folder, "whole");
  const events: TrainingEvent[] = [];
  let whole: TrainingOutcome;
  beforeAll(async () => {
    whole = await trainAnew({ output, evaluateEvery: 2, report: (event) => void events.push(event) });
  }, 120_000);

  test("keeps log, metrics and checkpoints, and says what it does", async () => {
    expect(whole.state).toBe("finished");
    expect(whole.records.map(({ epoch, step, metrics }) => [epoch, step, metrics !== undefined])).toEqual([
      [1, 3, false],
      [2, 6, true],
      [3, 9, true],
    ]);
    const files = runFiles(output);
    expect(Object.values(files).filter((file) => !existsSync(file))).toEqual([]);
    expect(await readdir(output)).toHaveLength(4); // no lock, nothing half-written
    expect(await readLog(files.log)).toEqual(whole.records);
    expect(JSON.parse(await readFile(files.metrics, "utf8"))).toEqual(whole.records.at(-1)?.metrics);
    const kinds = events.map(({ kind }) => kind).filter((kind) => kind !== "estimate");
    const [steps, evaluation] = [
      ["step", "step", "step"],
      ["evaluation", "evaluation"],
    ];
    const epochs = [...steps, "epoch", ...steps, ...evaluation, "epoch", ...steps, ...evaluation, "epoch"];
    expect(kinds).toEqual(["message", ...epochs]);
  });

  test.each<readonly [string, (event: TrainingEvent) => boolean]>([
    ["in the middle of an epoch", (event) => event.kind === "step" && event.epoch === 2 && event.step === 2],
    ["in its evaluation", (event) => event.kind === "evaluation" && event.image < event.images],
    ["before its first step", (event) => event.kind === "message"],
  ])(
    "that was stopped %s and resumed ends with the same weights",
    async (when, isMoment) => {
      const stopped = join(folder, when.replaceAll(" ", "-"));
      const controller = new AbortController();
      const report = (event: TrainingEvent): void => {
        if (isMoment(event)) controller.abort();
      };
      const { signal } = controller;
      expect((await trainAnew({ output: stopped, evaluateEvery: 2, report, signal })).state).toBe("stopped");
      expect(await finalState(stopped)).not.toEqual(await finalState(output));
      const resumed = await trainAnew({ output: stopped, evaluateEvery: 2, resume: true });
      expect(resumed.state).toBe("finished");
      expect(numbersOf(resumed)).toEqual(numbersOf(whole));
      expect(await finalState(stopped)).toEqual(await finalState(output));
    },
    120_000,
  );

  test("that was killed loses what came after its last save in the epoch, and ends with the same weights", async () => {
    const killed = join(folder, "killed");
    // What is thrown here ends the run at once, as a kill does: nothing is saved.
    const kill = (event: TrainingEvent): void => {
      if (event.kind === "step" && event.epoch === 2 && event.step === 3) throw new Error("killed");
    };
    const usual = { output: killed, evaluateEvery: 2 };
    await expect(trainAnew({ ...usual, saveEvery: 0, report: kill })).rejects.toThrow("killed");
    await writeFile(join(killed, "log.jsonl.77-0123abcd.tmp"), "half a line");
    const texts: string[] = [];
    const report = (event: TrainingEvent): void => {
      if (event.kind === "message") texts.push(event.text);
    };
    const resumed = await trainAnew({ ...usual, resume: true, report });
    expect(texts).toContain("resumed after step 2 of epoch 2");
    expect(numbersOf(resumed)).toEqual(numbersOf(whole));
    expect(await finalState(killed)).toEqual(await finalState(output));
    expect(await readdir(killed)).toHaveLength(4);
  }, 120_000);

  test("is saved by the clock: with two minutes and short epochs, only at their ends", async () => {
    const saved = async (saveEvery: number): Promise<number> => {
      const clocked = join(folder, `every-${saveEvery}`);
      const times = new Set<number>();
      const report = (event: TrainingEvent): void => {
        const { lastCheckpoint } = runFiles(clocked);
        if (event.kind === "step" && existsSync(lastCheckpoint)) times.add(statSync(lastCheckpoint).mtimeMs);
      };
      await trainAnew({ output: clocked, evaluateEvery: 0, epochs: 2, saveEvery, report });
      return times.size;
    };
    // Looked at when a step is done: of six steps' saves the last one is not seen.
    expect([await saved(0), await saved(120)]).toEqual([5, 1]);
  }, 120_000);

  test("is trained by one at a time", async () => {
    const second: Promise<unknown>[] = [];
    const report = (event: TrainingEvent): void => {
      if (event.kind !== "step") return;
      second.push(trainAnew({ output: shared, resume: true }).catch((error: unknown) => error));
    };
    const shared = join(folder, "shared");
    expect((await trainAnew({ output: shared, epochs: 1, report })).state).toBe("finished");
    for (const error of await Promise.all(second)) expect(String(error)).toContain("is being trained by process");
    expect(second).toHaveLength(3);
  }, 60_000);

  test("whose folder another process takes over meanwhile changes nothing there", async () => {
    const taken = runFiles(join(folder, "taken"));
    const evaluate: TrainOptions["evaluate"] = async (options) => {
      const other = { pid: 1, host: "elsewhere", since: "2026-11-22T06:31:05.123Z", token: "other" };
      await writeFile(join(taken.root, lockName), JSON.stringify(other));
      return await evaluateDetector(options);
    };
    await expect(trainAnew({ output: taken.root, epochs: 2, evaluate })).rejects.toThrow(
      /was taken over by process 1 on elsewhere, since 2026-11-22 06:31:05 UTC, .*changes nothing$/u,
    );
    const there = [taken.metrics, taken.bestCheckpoint, taken.log].map((file) => existsSync(file));
    expect(there).toEqual([false, false, false]);
    expect(existsSync(join(taken.root, lockName))).toBe(true); // it is the other's
  }, 60_000);

  test("says how much memory it takes, and takes no more tensors with every epoch", () => {
    const tensors = new Set(whole.records.map(({ memory }) => memory?.tensors));
    expect([...tensors]).toEqual([expect.any(Number)]);
    for (const { memory } of whole.records) expect(memory?.resident).toBeGreaterThan(2 ** 26);
  });

  test("keeps its best weights without the optimiser's state, and does not resume from them", async () => {
    const { bestCheckpoint, lastCheckpoint } = runFiles(output);
    const best = await loadDetector(bestCheckpoint);
    best.dispose();
    const { tensors } = await readSafetensors(bestCheckpoint);
    expect([...tensors.keys()].filter((name) => name.startsWith("training/"))).toEqual([]);
    const other = runFiles(join(folder, "from-best"));
    await trainAnew({ output: other.root, epochs: 1 });
    await copyFile(bestCheckpoint, other.lastCheckpoint);
    const resumed = (): Promise<unknown> => trainAnew({ output: other.root, resume: true });
    await expect(resumed()).rejects.toThrow(/without the state of its training, as checkpoint-best.*another run/u);
    await rm(other.lastCheckpoint);
    await expect(resumed()).rejects.toThrow(
      `${other.lastCheckpoint} is missing, but there is ${other.bestCheckpoint}: the run has been further`,
    );
    await copyFile(lastCheckpoint, other.lastCheckpoint);
    expect(await resumed()).toBeDefined();
  }, 60_000);

  test("gives the same numbers without a folder", async () => {
    expect(numbersOf(await trainAnew({ evaluateEvery: 2 }))).toEqual(numbersOf(whole));
  }, 120_000);

  test("leaves a detector that loadDetector builds again and that measures as it did", async () => {
    const loaded = await loadDetector(runFiles(output).lastCheckpoint);
    const evaluated = await evaluateDetector({ detector: loaded, dataset: data.validation, batchSize: 3 });
    loaded.dispose();
    expect(loaded.classes).toEqual(data.training.classes);
    expect(evaluated?.evaluation.metrics).toEqual(whole.records.at(-1)?.metrics);
  }, 60_000);

  test("is not replaced, and not gone on with from another seed", async () => {
    const before = await finalState(output);
    // What the caller writes before a run must not replace what is there either.
    const beforeTraining = (): Promise<void> => Promise.reject(new Error("nothing may be written"));
    await expect(trainAnew({ output, beforeTraining })).rejects.toThrow("already holds a run");
    const other = { output, resume: true, seed: 7, beforeTraining };
    await expect(trainAnew(other)).rejects.toThrow("has seed 0, got 7");
    expect(await finalState(output)).toEqual(before);
  });
});

test("a run with its own transform and pictures resumes to the same weights; its checkpoint names both", async () => {
  const darken = defineTransform({
    kind: "darken",
    plan: ({ most }: { readonly most: number }, _, draws) => ({ levels: draws.integer(0, most) }),
    apply: (image, { levels }) => ({ ...image, data: image.data.map((level) => Math.max(0, level - levels)) }),
  });
  const step = darken({ most: 90 });
  const own = {
    training: { ...transforms.training, steps: [step, ...transforms.training.steps] },
    evaluation: { ...transforms.evaluation, steps: [step, ...transforms.evaluation.steps] },
  };
  const records = data.training.records.map((record) => ({ ...record, source: () => loadPixels(record) }));
  const options = {
    transforms: own,
    data: { ...data, training: { ...data.training, records } },
    epochs: 2,
    evaluateEvery: 2,
  };
  const whole = await trainAnew({ ...options, output: join(folder, "own-whole") });
  expect(numbersOf(await trainAnew({ ...options, transforms }))).not.toEqual(numbersOf(whole));
  const output = join(folder, "own-stopped");
  const controller = new AbortController();
  const report = (event: TrainingEvent): void => {
    if (event.kind === "step" && event.epoch === 1 && event.step === 2) controller.abort();
  };
  await trainAnew({ ...options, output, report, signal: controller.signal });
  expect(numbersOf(await trainAnew({ ...options, output, resume: true }))).toEqual(numbersOf(whole));
  expect(await finalState(output)).toEqual(await finalState(join(folder, "own-whole")));
  const { lastCheckpoint } = runFiles(output);
  await expect(loadDetector(lastCheckpoint)).rejects.toThrow('was made with the transform "darken"');
  const loaded = await loadDetector(lastCheckpoint, { transformKinds: [darken] });
  const evaluated = await evaluateDetector({ detector: loaded, dataset: data.validation, batchSize: 2 });
  loaded.dispose();
  expect(evaluated?.evaluation.metrics).toEqual(whole.records.at(-1)?.metrics);
}, 120_000);

test("hooks are awaited: before anything is written, and before an epoch's line in the log", async () => {
  const output = join(folder, "hooks");
  const seen: unknown[] = [];
  await trainAnew({
    output,
    epochs: 2,
    evaluateEvery: 0,
    beforeTraining: async () => {
      seen.push(await readdir(output));
    },
    afterEpoch: async ({ record, records, evaluated, last }) => {
      const logged = await readLog(runFiles(output).log);
      seen.push([record.epoch, records.length, logged.length, evaluated?.detections.size, last]);
      expect(records.at(-1)).toBe(record);
      expect(record.metrics).toBe(evaluated?.evaluation.metrics);
    },
  });
  expect(seen).toEqual([[lockName], [1, 1, 0, undefined, false], [2, 2, 1, 3, true]]);
}, 60_000);

test("without validation images nothing is evaluated and no checkpoint is the best", async () => {
  const output = join(folder, "unmeasured");
  const { records } = await trainAnew({ output, epochs: 1, data: { training: data.training } });
  expect(records.map(({ metrics }) => metrics)).toEqual([undefined]);
  const { bestCheckpoint, lastCheckpoint, metrics } = runFiles(output);
  expect([bestCheckpoint, lastCheckpoint, metrics].map((file) => existsSync(file))).toEqual([false, true, false]);
}, 60_000);

test("evaluation can be another: on other images, say", async () => {
  const detectors: unknown[] = [];
  const { records } = await trainAnew({
    epochs: 1,
    evaluate: async (options) => {
      detectors.push(options.detector.description.transforms);
      return await evaluateDetector({ ...options, dataset: data.training });
    },
    afterEpoch: async ({ evaluated }) => {
      await Promise.resolve();
      expect(evaluated?.detections.size).toBe(5);
    },
  });
  expect(detectors).toEqual([transforms.evaluation]);
  expect(records).toHaveLength(1);
}, 60_000);

test("numbers that are no longer finite end the run with the images of the step", async () => {
  await expect(trainAnew({}, 1e30)).rejects.toThrow(
    /epoch 1, step \d: SetCriterion.*The batch's images:\n {2}shapes-train-00000\d\.png\n.*\nCheck them \(check/s,
  );
}, 60_000);

test.each<readonly [Partial<TrainOptions>, string]>([
  [{ epochs: 0 }, "epochs expected a whole number from 1, got 0"],
  [{ evaluateEvery: 0.5 }, "evaluateEvery expected a whole number from 0, got 0.5"],
  [{ saveEvery: -1 }, "saveEvery expected seconds from 0, got -1"],
  [{ batchSize: 0 }, "batchSize expected a whole number from 1, got 0"],
  [{ resume: true }, "resume needs output"],
])("%j is refused", async (options, message) => {
  await expect(trainAnew(options)).rejects.toThrow(message);
});

test("data of other classes than the model's, or than one another, or without images, is refused", async () => {
  const three = await openDataset("shapes:count=2,size=32,classes=3", { split: "train" });
  const { training } = data;
  await expect(trainAnew({ data: { training: three } })).rejects.toThrow("has 2 classes, the training data 3");
  await expect(trainAnew({ data: { training, validation: three } })).rejects.toThrow("triangle; open it with");
  const empty = { ...training, length: 0, records: [] };
  await expect(trainAnew({ data: { training: empty } })).rejects.toThrow("split train, has no images to train on");
});
