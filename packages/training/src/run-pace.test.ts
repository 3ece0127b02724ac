import { expect, test } from "vitest";
import { Random } from "@detrkit/common";
import { RunPace, workLeft } from "./run-pace.ts";

interface Shown {
  /** Seconds since the start, by the run's own clock. */
  readonly at: number;
  readonly step: number;
  readonly left: number | undefined;
}

const settings = { epochs: 7, evaluateEvery: 3 };
const stepsPerEpoch = 53;

/** A whole run on a clock of its own: what was shown after each step, and when it ended. */
function playRun(
  stepSeconds: (step: number) => number,
  { evaluation = 11, save = 0.5 } = {},
): { readonly shown: readonly Shown[]; readonly end: number } {
  const pace = new RunPace({ batchSize: 4, validationImages: 40 });
  const shown: Shown[] = [];
  let clock = 0;
  for (let epoch = 0; epoch < settings.epochs; epoch++) {
    for (let done = 1; done <= stepsPerEpoch; done++) {
      const step = epoch * stepsPerEpoch + done;
      const seconds = stepSeconds(step);
      clock += seconds;
      pace.addStep(seconds);
      shown.push({
        at: clock,
        step,
        left: pace.secondsLeft(workLeft(settings, stepsPerEpoch, { epoch, stepsDone: done })),
      });
    }
    const evaluated = [3, 6, 7].includes(epoch + 1);
    const seconds = evaluated ? evaluation : save;
    clock += seconds;
    pace.addEpochEnd(seconds, evaluated);
  }
  return { shown, end: clock };
}

const estimates = ({ shown }: { readonly shown: readonly Shown[] }): (Shown & { readonly left: number })[] =>
  shown.filter((each): each is Shown & { left: number } => each.left !== undefined);

test("a first step of ten times the others' length is left out: the first estimate is right", () => {
  const run = playRun((step) => (step === 1 ? 17 : 1.7));
  const [first] = estimates(run);
  expect(first?.step).toBe(3);
  // The evaluations are still a guess: 10 batches of a third of a step each, not 11 s.
  expect(first?.left).toBeCloseTo((7 * 53 - 3) * 1.7 + (3 * (10 * 1.7)) / 3, 6);
});

test("of short and unsteady steps nothing is shown until their mean can be trusted", () => {
  const random = new Random(5);
  const run = playRun((step) => (step === 1 ? 3 : 0.05 + 0.3 * random.uniform()), { evaluation: 0.7, save: 0 });
  const [first] = estimates(run);
  expect(first?.at).toBeGreaterThan(3 + 3);
  expect(first?.left ?? 0).toBeGreaterThan(0.8 * (run.end - (first?.at ?? 0)));
  expect(first?.left ?? 0).toBeLessThan(1.2 * (run.end - (first?.at ?? 0)));
});

test("steps of minutes are told after two of them, however unlike they are", () => {
  expect(estimates(playRun((step) => [400, 60, 90][step - 1] ?? 75))[0]).toMatchObject({ step: 3, at: 550 });
});

test("what is shown runs down with the clock and does not jump, and with one evaluation timed it is right", () => {
  const random = new Random(7);
  const run = playRun((step) => (step === 1 ? 9 : 0.6 + 0.4 * random.uniform()), { evaluation: 6 });
  const shown = estimates(run);
  shown.slice(1).forEach(({ at, left, step }, index) => {
    const before = shown[index] as (typeof shown)[number];
    // Where an evaluation lies between, the guess gives way to what it took.
    if (step % stepsPerEpoch === 1) return;
    expect(Math.abs(left - (before.left - (at - before.at)))).toBeLessThan(0.06 * before.left + 1);
  });
  for (const { step, at, left } of shown.filter((each) => each.step > 3 * stepsPerEpoch)) {
    expect(Math.abs(left - (run.end - at)), `after step ${step}`).toBeLessThan(0.1 * (run.end - at) + 1);
  }
});

test("a machine that gets busy is followed", () => {
  const run = playRun((step) => (step < 100 ? 1 : 4));
  const { at, left } = run.shown[299] as Shown;
  expect(left).toBeGreaterThan(0.95 * (run.end - at));
});

test("the work left of a run counts the evaluations still due, that of the last epoch among them", () => {
  expect(workLeft(settings, 53, { epoch: 0, stepsDone: 0 })).toEqual({ steps: 371, evaluations: 3, plainEpochs: 4 });
  expect(workLeft(settings, 53, { epoch: 5, stepsDone: 50 })).toEqual({ steps: 56, evaluations: 2, plainEpochs: 0 });
  expect(workLeft({ epochs: 2, evaluateEvery: 0 }, 5, { epoch: 0, stepsDone: 2 })).toEqual({
    steps: 8,
    evaluations: 1,
    plainEpochs: 1,
  });
});
