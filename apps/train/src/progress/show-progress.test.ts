import type { StepEvent, TrainingEvent } from "@detrkit/training";
import type { CocoMetrics } from "@detrkit/evaluation";
import { expect, test } from "vitest";
import { showProgress } from "./show-progress.ts";

const step: StepEvent = {
  kind: "step",
  epoch: 2,
  epochs: 5,
  step: 3,
  stepsPerEpoch: 11,
  loss: 7.25,
  terms: { class: 0.5, giou: 0.75, classError: 41.7, cardinalityError: 3 },
  imagesPerSecond: 13,
  dataWaitShare: 0.034,
  latest: {
    step: 14,
    loss: 6.5,
    terms: { class: 0.25, giou: 0.75, classError: 41.7, cardinalityError: 3 },
    gradientNorm: 2,
    learningRates: [1e-4],
  },
  secondsLeft: 75,
};
const epoch: Extract<TrainingEvent, { kind: "epoch" }> = {
  kind: "epoch",
  epochs: 5,
  record: {
    epoch: 2,
    step: 22,
    loss: 7,
    terms: { class: 0.5 },
    gradientNorm: 3,
    learningRate: 2e-4,
    imagesPerSecond: 13,
    dataWaitSeconds: 0,
    seconds: 8,
    peakMemoryMb: 99,
    metrics: {
      AP: 0.125,
      AP50: 0.25,
      AP75: -1,
      APs: -1,
      APm: 0,
      APl: 0,
      AR1: 0,
      AR10: 0,
      AR100: 0.5,
      ARs: -1,
      ARm: 0,
      ARl: 0,
    },
  },
};

function record(isTTY: boolean, events: readonly TrainingEvent[], now?: () => number, columns = 300): string {
  let written = "";
  const show = showProgress({ isTTY, columns, write: (text) => (written += text) }, now);
  for (const event of events) show(event);
  return written;
}

test("a step shows where the run is, the time left, its losses, its speed and how long it waits for data", () => {
  expect(record(true, [step])).toContain(
    "epoch 2/5 · ███░░░░░░░ · step 3/11 · 1 min 15 s left · loss 6.500 · 13.0 images/s · waiting for data 3 % · " +
      "class 0.250 · giou 0.750 · class error 42 %",
  );
});

test("losses are those of the last steps, smoothed, not those of the epoch so far", () => {
  const losses = [8, 4, 4];
  const text = record(
    true,
    losses.map((loss) => ({ ...step, latest: { ...step.latest, loss } })),
  );
  // (8 · 0.95² + 4 · 0.95 + 4) / (0.95² + 0.95 + 1)
  expect(text.split("\r").map((line) => /loss ([\d.]+)/u.exec(line)?.[1])).toEqual([
    undefined,
    "8.000",
    "5.949",
    "5.266",
  ]);
});

test.each([
  [60, "epoch 12/50 · step 131/205 · 1 min 15 s left · loss 6.500"],
  [80, "epoch 12/50 · step 131/205 · 1 min 15 s left · loss 6.500 · 13.0 images/s"],
  [
    140,
    "epoch 12/50 · ██████░░░░ · step 131/205 · 1 min 15 s left · loss 6.500 · 13.0 images/s · waiting for data 3 % · " +
      "class 0.250 · giou 0.750",
  ],
])(
  "a terminal of %d columns gets the parts that fit, the most important ones, and none that is cut",
  (columns, line) => {
    const event = { ...step, epochs: 50, epoch: 12, step: 131, stepsPerEpoch: 205 };
    expect(record(true, [event], undefined, columns)).toBe(`\r\u001B[K${line}`);
  },
);

test("before the time left can be trusted none is shown", () => {
  const text = record(true, [{ ...step, secondsLeft: undefined }]);
  expect(text).not.toContain("left");
  expect(text).toContain("step 3/11 · loss 6.500 · 13.0 images/s");
});

test("the estimate names what it is made of", () => {
  const steps = { stepsLeft: 1234, stepsPerEpoch: 11, secondsPerStep: 2.96 };
  const evaluations = { evaluationsLeft: 1, secondsPerEvaluation: 75 };
  const event: TrainingEvent = { kind: "estimate", seconds: 3725, ...steps, ...evaluations };
  expect(record(false, [event])).toBe(
    "expected: about 1 h 02 min (1,234 steps of 3.0 s, 1 evaluation of perhaps 1 min 15 s)\n",
  );
});

test("a narrow terminal gets an epoch in lines of its own width, broken between figures", () => {
  const terms = { classification: 0.361, boxL1: 0.105, generalizedIou: 0.37, classError: 52 };
  const text = record(true, [{ ...epoch, record: { ...epoch.record, terms } }], undefined, 80);
  const [first, ...others] = text.trimEnd().split("\n");
  expect(first).toBe("epoch 2/5 · loss 7.000 · AP 0.125, AP50 0.250 · 13.0 images/s · 8 s");
  expect(others.slice(0, 2)).toEqual([
    "  waiting for data 0 % · classification 0.361, boxL1 0.105",
    "  generalizedIou 0.370, class error 52 % · gradient norm 3.0 · lr 2.0e-4",
  ]);
});

test("an epoch's line says how much memory the program has", () => {
  const memory = { resident: 1.5 * 2 ** 30, tensors: 212 };
  expect(record(false, [{ ...epoch, record: { ...epoch.record, memory } }])).toContain(" · 1.50 GiB of memory · ");
});

test("on a terminal a step's line is rewritten and an epoch's line stays", () => {
  const text = record(true, [step, epoch]);
  expect(text.startsWith("\r\u001B[K")).toBe(true);
  expect(text.split("\n").slice(1)).toEqual([
    "                    AP  AP50  AP75   APs   APm   APl AR100",
    "  epoch 2        0.125 0.250     -     - 0.000 0.000 0.500",
    "",
  ]);
  expect(text).toContain("AP 0.125, AP50 0.250");
});

test("an evaluation is compared with the best one before it", () => {
  const evaluated = (number: number, AP: number): typeof epoch => ({
    ...epoch,
    record: { ...epoch.record, epoch: number, metrics: { ...(epoch.record.metrics as CocoMetrics), AP } },
  });
  const text = record(true, [evaluated(2, 0.5), evaluated(4, 0.25), evaluated(6, 0.625)]);
  const tables = text.split("\n").filter((line) => line.startsWith("  "));
  expect(tables.slice(2, 6)).toEqual([
    "                    AP  AP50  AP75   APs   APm   APl AR100",
    "  epoch 4        0.250 0.250     -     - 0.000 0.000 0.500",
    "  best, epoch 2  0.500 0.250     -     - 0.000 0.000 0.500",
    "  change         -.250 +.000     -     - +.000 +.000 +.000",
  ]);
  expect(tables[8]).toContain("best, epoch 2");
  expect(tables[9]).toContain("change         +.125");
});

test("without a terminal there are plain lines, of the steps one every ten seconds", () => {
  let time = 20_000;
  const text = record(false, [step, step, step, epoch], () => (time += 4000));
  expect(text).not.toContain("\r");
  expect(text.match(/step 3\/11/g)).toHaveLength(1);
});

test("an epoch of a model with masks tells their figures too, and its table has a row of them", () => {
  const { record: measured } = epoch;
  const { metrics } = measured;
  if (metrics === undefined) throw new Error("the epoch of this test was evaluated");
  const maskMetrics = { ...metrics, AP: 0.375, AP50: 0.5 };
  const text = record(true, [
    { ...epoch, record: { ...measured, maskMetrics, panoptic: { PQ: 0.25, SQ: 0.5, RQ: 0.5 } } },
  ]);
  expect(text).toContain("AP 0.125, AP50 0.250 · mask AP 0.375, AP50 0.500 · PQ 0.250 · 13.0 images/s");
  expect(text).toMatch(/its masks +0\.375 +0\.500 +- /u);
});
