import { expect, test } from "vitest";
import { roundingSensitivity } from "./rounding-sensitivity.ts";
import type { TrainingRun } from "./training-run.ts";

function runOf(losses: readonly number[], queries: readonly number[], weights: readonly number[]): TrainingRun {
  const outputs = {
    logits: { shape: [1, 1, 2], data: Float32Array.of(4, weights[0] as number) },
    boxes: { shape: [1, 1, 4], data: Float32Array.of(1, 1, 1, 1) },
  };
  return {
    decoderLayers: 2,
    firstOutputs: outputs,
    firstGradients: new Map(),
    steps: losses.map((loss, step) => ({
      loss,
      terms: {},
      gradientNorm: 2 * loss,
      learningRates: [],
      matches: [{ queries: Int32Array.of(queries[step] as number), targets: Int32Array.of(0) }],
    })),
    weights: new Map([["w", Float32Array.from(weights)]]),
    outputs,
  };
}

test("sensitivity is the largest difference to any neighbour, and never falls from step to step", () => {
  const sensitivity = roundingSensitivity(runOf([10, 8, 5], [0, 1, 2], [2, 0]), [
    runOf([10, 10, 5], [0, 3, 2], [3, 0]),
    runOf([11, 8, 5], [0, 1, 2], [2, -4]),
  ]);
  expect(sensitivity.loss.map((value) => Number(value.toFixed(6)))).toEqual([0.1, 0.25, 0.25]);
  expect(sensitivity.gradientNorm).toEqual(sensitivity.loss);
  expect(sensitivity.weight("w")).toBe(2);
  expect(sensitivity.logits).toBe(0.25);
  expect(sensitivity.boxes).toBe(0);
});

test("once matches have differed, later ones prove nothing", () => {
  expect(
    roundingSensitivity(runOf([1, 1, 1], [0, 1, 2], [1]), [runOf([1, 1, 1], [0, 3, 2], [1])]).matchesAlike,
  ).toEqual([true, false, false]);
});
