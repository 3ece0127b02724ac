import { join } from "node:path";
import { readFile } from "node:fs/promises";
import { keepMasked } from "@detrkit/datasets";
import { createDetector } from "@detrkit/detr";
import { Detector, loadDetector } from "@detrkit/inference";
import { temporaryFolder, useBackend } from "@detrkit/test-utils";
import { describe, expect, test } from "vitest";
import { maskedData, maskedDeformableDetr, maskedDetr, trainMasks } from "../test-support/masked-run.ts";
import { finalState, numbersOf, transforms } from "../test-support/tiny-run.ts";
import { evaluateDetector, type EvaluatedDetector } from "./evaluate-detector.ts";
import type { CocoMetrics } from "@detrkit/evaluation";
import { bestRecord } from "./epoch-record.ts";
import { runFiles } from "./run-files.ts";
import type { FinishedEpoch } from "./train-options.ts";

const folder = temporaryFolder();
useBackend("cpu");

const [a, b, accumulated, averaged] = ["DETR", "Deformable DETR", "accumulated gradients", "averaged weights"];
const averageWeights = { decay: 0.7, warmupSteps: 2 };

describe.each([
  [a, maskedDetr, {}],
  [b, maskedDeformableDetr, {}],
  [`Deformable DETR, ${accumulated}, ${averaged}`, maskedDeformableDetr, { accumulate: 2, averageWeights }],
] as const)("a run with masks of %s", (name, config, options) => {
  const output = join(folder, name.replaceAll(/[ ,]+/gu, "-"));

  test("logs mask losses, mask AP and panoptic quality, and goes on with the same numbers after a kill", async () => {
    let evaluated: EvaluatedDetector | undefined;
    const afterEpoch = (epoch: FinishedEpoch): Promise<void> => Promise.resolve(void (evaluated = epoch.evaluated));
    const whole = await trainMasks(config, { ...options, output, afterEpoch });
    const record = whole.records.at(-1);
    expect(record?.terms).toMatchObject({
      maskCrossEntropy: expect.any(Number) as number,
      maskDice: expect.any(Number) as number,
    });
    expect(record?.maskMetrics).toEqual(evaluated?.masks?.metrics);
    expect(record?.panoptic).toEqual({
      PQ: evaluated?.panoptic?.all.PQ,
      SQ: evaluated?.panoptic?.all.SQ,
      RQ: evaluated?.panoptic?.all.RQ,
    });
    expect(evaluated?.panoptic?.perClass.map(({ isThing }) => isThing)).toEqual([true, true, false]);
    expect(JSON.parse(await readFile(runFiles(output).metrics, "utf8"))).toEqual({
      ...record?.metrics,
      masks: record?.maskMetrics,
      panoptic: evaluated?.panoptic,
    });
    const killed = `${output}-killed`;
    const report = ({ kind, step, epoch }: { kind: string; step?: number; epoch?: unknown }): void => {
      if (kind === "step" && epoch === 2 && step === 2) throw new Error("killed");
    };
    await expect(trainMasks(config, { ...options, output: killed, saveEvery: 0, report })).rejects.toThrow("killed");
    const resumed = await trainMasks(config, { ...options, output: killed, resume: true });
    expect(numbersOf(resumed)).toEqual(numbersOf(whole));
    expect(
      resumed.records.map(({ maskMetrics, panoptic, validationLoss }) => [maskMetrics, panoptic, validationLoss]),
    ).toEqual(
      whole.records.map(({ maskMetrics, panoptic, validationLoss }) => [maskMetrics, panoptic, validationLoss]),
    );
    expect(await finalState(killed)).toEqual(await finalState(output));
    // Which classes are stuff is known to whoever loads the weights.
    const loaded = await loadDetector(runFiles(output).lastCheckpoint);
    expect(loaded.description.categories.map(({ isThing = true }) => isThing)).toEqual([true, true, false]);
    loaded.dispose();
  }, 300_000);
});

describe.each([
  [a, maskedDetr],
  [b, maskedDeformableDetr],
] as const)("a frozen %s", (_, config) => {
  test("keeps every weight but those of its mask head, and has no moments of the others", async () => {
    const output = join(folder, `frozen-${config.model}`);
    const model = createDetector(config, { seed: 7 });
    const before = new Map([...model.parameters()].map(([path, { value }]) => [path, value.dataSync().slice()]));
    const { records } = await trainMasks(config, { model, output, freezeDetector: true });
    const changed = [...model.parameters()]
      .filter(([path, { value }]) => !value.dataSync().every((number, index) => number === before.get(path)?.[index]))
      .map(([path]) => path);
    expect(changed.length).toBeGreaterThan(10);
    expect(changed.filter((path) => !path.startsWith("maskHead."))).toEqual([]);
    expect(changed).toEqual([...(model.maskHead?.parameters().keys() ?? [])].map((path) => `maskHead.${path}`));
    const moments = [...(await finalState(output)).keys()].filter((name) => /^training\/(first|second)\//u.test(name));
    expect(moments.length).toBeGreaterThan(20);
    expect(moments.filter((name) => !name.includes("maskHead."))).toEqual([]);
    expect(records[1]?.metrics).toEqual(records[0]?.metrics);
    model.dispose();
  }, 300_000);

  test("runs as in inference: without dropout the same images have the same losses of boxes", async () => {
    const options = {
      batchSize: 3,
      data: { training: maskedData.validation, validation: maskedData.validation },
      transforms: { training: transforms.evaluation, evaluation: transforms.evaluation },
    };
    const lossesOf = async (freezeDetector: boolean): Promise<readonly number[]> => {
      // Nothing but the mask head learns: without a rate not even that.
      const { records } = await trainMasks(config, { ...options, freezeDetector }, 0);
      return records.map(({ terms }) => (terms["boxL1"] as number) + (terms["classification"] as number));
    };
    const [first = 0, second = 0] = await lossesOf(true);
    expect(second).toBeCloseTo(first, 5);
    const [before = 0, after = 0] = await lossesOf(false);
    expect(Math.abs(after - before)).toBeGreaterThan(5e-5);
  }, 120_000);
});

test("a detector without a mask head cannot be frozen", async () => {
  const { masks: _, ...boxesOnly } = maskedDetr;
  await expect(trainMasks(boxesOnly, { freezeDetector: true })).rejects.toThrow(
    "the model has none; build it with masks",
  );
});

test("data without masks is evaluated by boxes, and an object without a mask is left out with its image", async () => {
  const model = createDetector(maskedDetr);
  const description = {
    detector: maskedDetr,
    categories: maskedData.training.classes.map((name, id) => ({ id, name })),
    transforms: transforms.evaluation,
  };
  const detector = new Detector({ model, description });
  const { validation } = maskedData;
  const records = validation.records.map((record) => {
    const { segments: _, ...boxesOnly } = record;
    return boxesOnly;
  });
  const evaluate = (dataset: typeof validation): Promise<EvaluatedDetector | undefined> =>
    evaluateDetector({ detector, dataset, batchSize: 2 });
  const boxes = await evaluate({ ...validation, records });
  expect([boxes?.masks, boxes?.panoptic]).toEqual([undefined, undefined]);
  expect([...(boxes?.detections.values() ?? [])].flat().some(({ mask }) => mask !== undefined)).toBe(false);
  // Instances without stuff: nothing says what the rest of an image is.
  const { things, ...instances } = validation;
  expect(things).toEqual([true, true, false]);
  const masked = await evaluate(instances);
  expect([masked?.masks !== undefined, masked?.panoptic]).toEqual([true, undefined]);
  const found = [...(masked?.detections.values() ?? [])].flat();
  expect(found.every(({ mask }) => mask?.size.join() === "32,32")).toBe(true);
  expect(masked?.evaluation.metrics).toEqual(boxes?.evaluation.metrics);
  const [first, ...others] = validation.records as [(typeof validation.records)[number], ...typeof validation.records];
  const partly = { ...validation, records: [{ ...first, segments: undefined }, ...others] };
  expect(keepMasked(partly as typeof validation).length).toBe(2);
  detector.dispose();
}, 120_000);

test("masks decide which weights are the best, where they are measured", () => {
  const metrics = (AP: number): CocoMetrics => ({ AP }) as CocoMetrics;
  const record = (epoch: number, boxes: number, masks?: number) => ({
    epoch,
    metrics: metrics(boxes),
    ...(masks === undefined ? {} : { maskMetrics: metrics(masks) }),
  });
  expect(bestRecord([record(1, 0.5, 0.1), record(2, 0.4, 0.2), record(3, 0.3, 0.2)])).toMatchObject({ epoch: 2 });
  expect(bestRecord([record(1, 0.4), record(2, 0.5), record(3, 0.5)])).toMatchObject({ epoch: 2 });
});
