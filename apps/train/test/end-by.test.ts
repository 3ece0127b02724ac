import { existsSync } from "node:fs";
import { join } from "node:path";
import { useBackend } from "@detrkit/test-utils";
import { expect, test } from "vitest";
import { demos } from "../src/commands/demos.ts";
import { measureDemoSize } from "../src/commands/measure-demo-size.ts";
import { resolveConfig } from "../src/configuration/resolve-config.ts";
import { readLog } from "../src/training/epoch-record.ts";
import { runFolder } from "../src/training/run-folder.ts";
import { train } from "../src/training/train.ts";
import type { TrainingEvent } from "../src/training/training-events.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";
import { tinySettings } from "./support/tiny-run.ts";

const folder = temporaryFolder();
useBackend("cpu");

test("a run says once how long it takes, and one that has to end by a time ends evaluated before it", async () => {
  const output = join(folder, "limited");
  const events: TrainingEvent[] = [];
  const start = performance.now();
  const seconds = 25;
  const { state, records } = await train(
    resolveConfig({ ...tinySettings, output, epochs: 100_000, evaluateEvery: 0, samplePictures: 0 }),
    "refuse",
    {
      report: (event) => void events.push(event),
      endBy: start + seconds * 1000,
    },
  );
  expect(state).toBe("outOfTime");
  expect(performance.now() - start).toBeLessThan(1.3 * seconds * 1000);
  expect(await readLog(runFolder(output).log)).toEqual(records);
  expect(records.map(({ metrics }) => metrics !== undefined)).toEqual([...records.slice(1).map(() => false), true]);
  expect(existsSync(runFolder(output).report)).toBe(true);

  const [estimate, ...more] = events.filter((event) => event.kind === "estimate");
  expect(more).toEqual([]);
  const steps = events.filter((event) => event.kind === "step");
  const told = events.findIndex((event) => event.kind === "estimate");
  // The first step is the warm-up, two more have to be timed, and no time left is shown before it can be trusted.
  expect(events.slice(0, told).filter((event) => event.kind === "step").length).toBeGreaterThanOrEqual(3);
  expect(steps.filter(({ secondsLeft }) => secondsLeft === undefined)).toHaveLength(
    events.slice(0, told).filter((event) => event.kind === "step").length - 1,
  );
  expect(estimate?.seconds).toBeCloseTo(
    (estimate?.stepsLeft ?? 0) * (estimate?.secondsPerStep ?? 0) + (estimate?.secondsPerEvaluation ?? 0),
    -2,
  );
}, 120_000);

test("a size of the demo is timed, and nothing is left of that", async () => {
  const [tiny] = demos["deformable-detr"].smaller;
  const timing = await measureDemoSize(tiny as NonNullable<typeof tiny>, new AbortController().signal);
  expect(timing?.secondsPerStep).toBeGreaterThan(0);
  expect(timing?.secondsPerEvaluation).toBeLessThan(8 * (timing?.secondsPerStep ?? 0));
  expect(await measureDemoSize(tiny as NonNullable<typeof tiny>, AbortSignal.abort())).toBeUndefined();
}, 240_000);
