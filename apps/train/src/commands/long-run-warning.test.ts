import { deformableDetr, detr, type EstimateEvent } from "@detrkit/training";
import { expect, test } from "vitest";
import { type LongRun, longRunWarning } from "./long-run-warning.ts";

const hours = (count: number): EstimateEvent => ({
  kind: "estimate",
  seconds: count * 3600,
  stepsLeft: 1100,
  stepsPerEpoch: 11,
  secondsPerStep: (count * 3600) / 1100,
  evaluationsLeft: 20,
  secondsPerEvaluation: 7,
});
const config = {
  backend: "auto",
  epochs: 100,
  preset: "deformable-detr-small",
  definition: deformableDetr,
  transforms: { kind: "letterbox", size: "320x240", maxSide: 1333, shortSides: [800], flips: "none" },
} as const;
const cpu: LongRun = {
  backend: { name: "cpu", reason: "plain JavaScript (no C++ compiler found)" },
  config,
  resumed: false,
};
const native: LongRun = {
  ...cpu,
  backend: {
    name: "native",
    reason: "TensorFlow",
    native: { tensorflow: "2.21.0", gpu: false, oneDnn: true, baseline: "x86-64-v3", stepDown: undefined },
  },
};

test("a slow backend is worth a warning after an hour, the native one after a night", () => {
  expect(longRunWarning(hours(0.9), cpu)).toBeUndefined();
  expect(longRunWarning(hours(1.1), cpu)).toContain("about 1 h 06 min on the backend cpu");
  expect(longRunWarning(hours(11), native)).toBeUndefined();
  expect(longRunWarning(hours(33), native)).toContain("about 33 h 00 min on the backend native");
});

test("the ways out name the missing tools, epochs that fit, smaller images, and that nothing is lost", () => {
  const text = longRunWarning(hours(33), cpu) ?? "";
  for (const part of [
    "g++",
    "DETRKIT_RETRY=1",
    "--epochs 3 would end within about 1 h (now 100)",
    "--transforms.size 160x120 (now 320x240)",
    "--resume",
  ])
    expect(text).toContain(part);
  expect(text).not.toContain("--preset");
  for (const line of text.split("\n")) expect(line.length).toBeLessThan(150);
});

test("whoever asked for a slow backend is told to leave that away, and a large model that there is a small one", () => {
  const text =
    longRunWarning(hours(1000), {
      ...cpu,
      config: {
        ...config,
        backend: "cpu",
        preset: "detr-r50",
        definition: detr,
        transforms: { ...config.transforms, kind: "detr" },
      },
    }) ?? "";
  for (const part of [
    "leave --backend cpu away",
    "fewer images: one epoch alone takes 10 h 00 min",
    "--transforms.kind letterbox",
    "--preset detr-small",
  ])
    expect(text).toContain(part);
  expect(text).not.toContain("g++");
});

test("a resumed run is told only of what it may change", () => {
  const text = longRunWarning(hours(33), { ...native, resumed: true }) ?? "";
  expect(text).toContain("--epochs 36");
  for (const part of ["--transforms", "--preset", "g++"]) expect(text).not.toContain(part);
});
