import { expect, test } from "vitest";
import { chooseDemoSize, type TimedDemoChoice } from "./choose-demo-size.ts";
import { type Demo, demos, type DemoSize } from "./demos.ts";

const demo = demos[0] as Demo;
const [tiny, small] = demo.smaller as readonly [DemoSize, DemoSize];

/** The choice where steps of the sizes take this long, tiny to whole, and what was timed for it. */
async function choose(
  patience: number,
  [tinyStep, smallStep, wholeStep]: readonly [number, number, number],
): Promise<{ readonly choice: TimedDemoChoice | undefined; readonly timed: readonly DemoSize[] }> {
  const seconds = new Map([
    [tiny, tinyStep],
    [small, smallStep],
    [demo.whole, wholeStep],
  ]);
  const timed: DemoSize[] = [];
  const choice = await chooseDemoSize(demo, patience, async (size) => {
    timed.push(size);
    const secondsPerStep = seconds.get(size) as number;
    return { secondsPerStep, secondsPerEvaluation: 4 * secondsPerStep };
  });
  return { choice, timed };
}

test("the native backend gets the whole demo, after a glance at it alone, also where the machine is busy", async () => {
  for (const step of [0.15, 0.6]) {
    const { choice, timed } = await choose(1800, [0.02, 0.05, step]);
    expect(choice).toMatchObject({ size: demo.whole, epochs: 15, shortened: false });
    expect(timed).toEqual([demo.whole]);
  }
});

test("a native backend that is too slow for it is treated as the others are", async () => {
  const { choice } = await choose(1800, [0.1, 0.3, 3]);
  expect(choice).toMatchObject({ size: small, shortened: true });
  const patient = await choose(Number.POSITIVE_INFINITY, [0.1, 0.3, 3]);
  expect(patient.choice).toMatchObject({ size: demo.whole, epochs: 15, shortened: false });
});

test("plain JavaScript gets the tiny demo, and nothing is tried that cannot fit", async () => {
  const { choice, timed } = await choose(0, [1.5, 6, 53]);
  // 30 epochs of 10 steps and 3 evaluations.
  expect(choice).toMatchObject({ size: tiny, epochs: 30, shortened: true });
  expect(choice?.seconds).toBeCloseTo(300 * 1.5 + 3 * 4 * 1.5, 6);
  expect(timed).toEqual([tiny, small]);
  expect((await choose(0, [3, 12, 100])).timed).toEqual([tiny]);
});

test("a backend in between gets the size of which enough epochs fit into ten minutes", async () => {
  const small31 = await choose(0, [0.07, 0.3, 2.6]);
  expect(small31.choice).toMatchObject({ size: small, epochs: 31, shortened: true });
  const fewer = await choose(0, [0.2, 0.8, 7]);
  expect(fewer.choice).toMatchObject({ size: small, epochs: 11, shortened: true });
  const whole = await choose(0, [0.02, 0.08, 0.5]);
  expect(whole.choice).toMatchObject({ size: demo.whole, epochs: 6, shortened: true });
  for (const { choice } of [small31, fewer, whole]) expect(choice?.seconds).toBeLessThan(480);
});

test("a backend that is fast enough gets the whole demo, whatever its name", async () => {
  expect((await choose(0, [0.01, 0.05, 0.2])).choice).toMatchObject({
    size: demo.whole,
    epochs: 15,
    shortened: false,
  });
});

test("where nothing fits, one epoch of the tiny demo is taken", async () => {
  expect((await choose(0, [60, 300, 3000])).choice).toMatchObject({ size: tiny, epochs: 1, seconds: 840 });
});

test("stopped while it is timed, nothing is chosen", async () => {
  for (const patience of [1800, 0]) expect(await chooseDemoSize(demo, patience, async () => undefined)).toBeUndefined();
});
