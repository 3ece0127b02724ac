import { Random } from "@detrkit/common";
import { expectClose, useBackend } from "@detrkit/test-utils";
import { moments, tidy } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import {
  constant,
  type Initializer,
  inverseRootFanIn,
  kaimingNormal,
  kaimingUniform,
  normal,
  uniform,
  xavierNormal,
  xavierUniform,
} from "./initializers.ts";

useBackend("cpu");
const context = { shape: [101, 103], fanIn: 24, fanOut: 6 };

test.each<[string, Initializer, number, number]>([
  ["constant", constant(3), 3, 0],
  ["uniform", uniform(1, 4), 2.5, 9 / 12],
  ["normal", normal(-2, 3), -2, 9],
  ["xavierUniform", xavierUniform(), 0, 2 / 30],
  ["xavierUniform with a gain", xavierUniform(3), 0, 18 / 30],
  ["xavierNormal", xavierNormal(), 0, 2 / 30],
  ["kaimingUniform", kaimingUniform(), 0, 2 / 24],
  ["kaimingUniform by fan out", kaimingUniform({ mode: "fanOut", gain: 1 }), 0, 1 / 6],
  ["kaimingNormal by fan out", kaimingNormal({ mode: "fanOut" }), 0, 2 / 6],
  ["inverseRootFanIn", inverseRootFanIn(), 0, 1 / 72],
])("%s has the mean and variance of its definition", (_, initializer, mean, variance) => {
  tidy(() => {
    const value = initializer({ ...context, random: new Random(1) });
    expect(value.shape).toEqual([101, 103]);
    const found = moments(value);
    expectClose(found.mean, mean, { atol: 0.03 * Math.sqrt(variance) + 1e-5 });
    expectClose(found.variance, variance, { rtol: 0.03 });
  });
});

test("uniform ones keep to their bounds", () => {
  tidy(() => {
    const values = xavierUniform()({ ...context, random: new Random(1) }).dataSync();
    expect(Math.max(...values)).toBeLessThanOrEqual(Math.sqrt(6 / 30));
    expect(Math.max(...values)).toBeGreaterThan(0.99 * Math.sqrt(6 / 30));
    expect(Math.min(...values)).toBeGreaterThanOrEqual(-Math.sqrt(6 / 30));
  });
});

test("the same seed gives the same values", () => {
  tidy(() => {
    const draw = (seed: number): number[] => [...normal()({ ...context, random: new Random(seed) }).dataSync()];
    expect(draw(5)).toEqual(draw(5));
    expect(draw(5)).not.toEqual(draw(6));
  });
});
