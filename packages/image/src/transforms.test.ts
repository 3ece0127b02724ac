import { ConfigError, Random } from "@detrkit/common";
import { describe, expect, test } from "vitest";
import {
  detrEvaluation,
  detrTraining,
  type Draws,
  fixedSize,
  planTransforms,
  resizedSize,
  sizeAfter,
} from "./pixels.ts";

describe("the size rule", () => {
  test("the short side is met, the long one truncated", () => {
    expect(resizedSize({ width: 640, height: 480 }, 800, 1333)).toEqual({ width: 1066, height: 800 });
    expect(resizedSize({ width: 480, height: 641 }, 800)).toEqual({ width: 800, height: 1068 });
  });

  test("a long side beyond the limit lowers the short one, rounded to even halves", () => {
    expect(resizedSize({ width: 1000, height: 200 }, 800, 1333)).toEqual({ width: 1335, height: 267 });
    // 5 · 100 / 200 = 2.5 rounds to 2.
    expect(resizedSize({ width: 200, height: 100 }, 50, 5)).toEqual({ width: 4, height: 2 });
  });

  test("an image whose short side fits already is left as it is", () => {
    expect(resizedSize({ width: 999, height: 480 }, 480)).toEqual({ width: 999, height: 480 });
  });
});

describe("planning", () => {
  test("the same seed gives the same plan, sizes follow the operations", () => {
    const size = { width: 640, height: 480 };
    const plans = Array.from({ length: 200 }, (_, seed) => planTransforms(detrTraining.steps, size, new Random(seed)));
    expect(planTransforms(detrTraining.steps, size, new Random(17))).toEqual(plans[17]);
    for (const plan of plans) expect(plan.operations.reduce(sizeAfter, size)).toEqual(plan.size);
    const flips = plans.filter(({ operations }) => operations[0]?.kind === "flipHorizontally").length;
    const crops = plans.filter(({ operations }) => operations.some(({ kind }) => kind === "crop")).length;
    expect(Math.abs(flips - 100)).toBeLessThan(30);
    expect(Math.abs(crops - 100)).toBeLessThan(30);
    const sides = plans.map((plan) => Math.min(plan.size.width, plan.size.height));
    expect([Math.min(...sides), Math.max(...sides)]).toEqual([480, 800]);
  });

  test("evaluation draws nothing", () => {
    const refuse = (): never => {
      throw new Error("a draw");
    };
    const none: Draws = { uniform: refuse, integer: refuse, choice: refuse };
    expect(planTransforms(detrEvaluation.steps, { width: 640, height: 480 }, none).size).toEqual({
      width: 1066,
      height: 800,
    });
    expect(
      planTransforms(fixedSize({ width: 320, height: 240 }, { training: false }).steps, { width: 7, height: 9 }, none)
        .operations,
    ).toEqual([{ kind: "resize", width: 320, height: 240 }]);
  });

  test("an image smaller than the smallest crop is cropped to what it has", () => {
    const plan = planTransforms(
      [{ kind: "randomSizeCrop", minSide: 384, maxSide: 600 }],
      { width: 500, height: 200 },
      new Random(1),
    );
    expect(plan.size.height).toBe(200);
    expect(plan.size.width).toBeGreaterThanOrEqual(384);
  });

  test("recipes are plain data", () => {
    for (const recipe of [detrTraining, detrEvaluation, fixedSize({ width: 32, height: 16 }, { training: true })]) {
      expect(JSON.parse(JSON.stringify(recipe))).toEqual(recipe);
    }
    expect(() => planTransforms([{ kind: "resize", shortSides: [] }], { width: 5, height: 5 }, new Random(1))).toThrow(
      ConfigError,
    );
  });
});
