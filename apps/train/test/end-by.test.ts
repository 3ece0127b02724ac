import { existsSync } from "node:fs";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder, useBackend } from "@detrkit/test-utils";
import { readLog, type TrainingEvent } from "@detrkit/training";
import { expect, test, vi } from "vitest";
import { demos, type DemoSize } from "../src/commands/demos.ts";
import { measureDemoSize } from "../src/commands/choose-demo-size.ts";
import { resolveConfig } from "../src/configuration/resolve-config.ts";
import { runFolder } from "../src/training/run-folder.ts";
import { train } from "../src/training/train.ts";
import { tinySettings } from "./support/tiny-run.ts";

const folder = temporaryFolder();
useBackend("cpu");

test("a run says once how long it takes, and one that is late ends evaluated after the epoch it is in", async () => {
  const output = join(folder, "limited");
  const events: TrainingEvent[] = [];
  const config = resolveConfig({ ...tinySettings, output, epochs: 100_000, evaluation: { every: 0, pictures: 0 } });
  const { state, records } = await train(config, "refuse", {
    report: (event) => void events.push(event),
    endBy: performance.now(),
  });
  expect(state).toBe("outOfTime");
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
  const { seconds = 0, stepsLeft = 0, secondsPerStep = 0, secondsPerEvaluation = 0 } = estimate ?? {};
  expect(seconds).toBeGreaterThanOrEqual(stepsLeft * secondsPerStep + secondsPerEvaluation);
}, 240_000);

test("a run that is in time does all its epochs", async () => {
  const config = resolveConfig({
    ...tinySettings,
    output: join(folder, "in-time"),
    evaluation: { every: 2, pictures: 0 },
  });
  const { state, records } = await train(config, "refuse", { endBy: performance.now() + 3_600_000 });
  expect([state, records.length]).toEqual(["finished", 3]);
}, 240_000);

test("a size of the demo is timed, and nothing is left of that", async () => {
  vi.stubEnv("TMPDIR", join(folder, "temporary"));
  await mkdir(join(folder, "temporary"));
  const tiny = demos[0]?.smaller[0] as DemoSize;
  const timing = await measureDemoSize(tiny, new AbortController().signal);
  expect(timing?.secondsPerStep).toBeGreaterThan(0);
  // Two batches, of a third of a step each.
  expect((timing?.secondsPerEvaluation ?? 0) / (timing?.secondsPerStep ?? 1)).toBeCloseTo(2 / 3, 6);
  expect(await measureDemoSize(tiny, AbortSignal.abort())).toBeUndefined();
  expect(await readdir(join(folder, "temporary"))).toEqual([]);
  vi.unstubAllEnvs();
}, 240_000);
