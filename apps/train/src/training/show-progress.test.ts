import type { StepEvent, TrainingEvent } from "@detrkit/training";
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

test("a step shows where the run is, its loss terms, its speed and the time left", () => {
  const text = record(true, [step]);
  for (const part of [
    "epoch 2/5",
    "step 3/11",
    "loss 7.250",
    "(class 0.500, giou 0.750, class error 42 %)",
    "13.0 images/s",
    "1 min 15 s left",
  ])
    expect(text).toContain(part);
});

test("a terminal of 80 columns still shows speed, time left and loss", () => {
  const text = record(true, [{ ...step, epochs: 50, epoch: 12, step: 131, stepsPerEpoch: 205 }], undefined, 80);
  expect(text.length).toBeLessThan(85);
  expect(text).toMatch(/1 min 15 s left · 13\.0 images\/s · loss 7/);
});

test("before the time left can be trusted none is shown", () => {
  const text = record(true, [{ ...step, secondsLeft: undefined }]);
  expect(text).not.toContain("left");
  expect(text).toContain("step 3/11 · 13.0 images/s");
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
  expect(others).toEqual([
    "  classification 0.361, boxL1 0.105, generalizedIou 0.370, class error 52 %",
    "  gradient norm 3.0 · lr 2.0e-4",
  ]);
});

test("an epoch's line says how much memory the program has", () => {
  const memory = { resident: 1.5 * 2 ** 30, tensors: 212 };
  expect(record(false, [{ ...epoch, record: { ...epoch.record, memory } }])).toContain(" · 1.50 GiB of memory · ");
});

test("on a terminal a step's line is rewritten and an epoch's line stays", () => {
  const text = record(true, [step, epoch]);
  expect(text.startsWith("\r\u001B[K")).toBe(true);
  expect(text.split("\n")).toHaveLength(2);
  expect(text).toContain("AP 0.125, AP50 0.250");
});

test("without a terminal there are plain lines, of the steps one every ten seconds", () => {
  let time = 20_000;
  const text = record(false, [step, step, step, epoch], () => (time += 4000));
  expect(text).not.toContain("\r");
  expect(text.match(/step 3\/11/g)).toHaveLength(1);
});
