import { useBackend } from "@detrkit/test-utils";
import { dispose, ones, type Rank, zeros } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { resolveConfig } from "../configuration/resolve-config.ts";
import type { PartialTrainingConfig } from "../configuration/training-config.ts";
import { createCriterion } from "./create-criterion.ts";

useBackend("cpu");

const needed = { data: "shapes", output: "runs/test" };
const nothing = { labels: new Int32Array(), boxes: new Float32Array() };

function lossOfZeros(config: PartialTrainingConfig, logits: number): number {
  const prediction = { logits: zeros<Rank.R3>([1, 1, logits]), boxes: ones<Rank.R3>([1, 1, 4]) };
  const { loss } = createCriterion(resolveConfig({ ...needed, ...config })).call(prediction, [nothing]);
  const [value] = loss.dataSync();
  dispose([prediction.logits, prediction.boxes, loss]);
  return value as number;
}

test("Deformable DETR decides each class by itself, with the focal loss", () => {
  // Three classes that are not there, each with probability 1/2: (1 - alpha) · (1/2)² · ln 2, with weight 2.
  expect(lossOfZeros({}, 3)).toBeCloseTo(2 * 3 * 0.75 * 0.25 * Math.LN2, 6);
  expect(lossOfZeros({ focalAlpha: 0.5, classWeight: 3 }, 3)).toBeCloseTo(3 * 3 * 0.5 * 0.25 * Math.LN2, 6);
});

test("DETR chooses between the classes and none", () => {
  expect(lossOfZeros({ preset: "detr-small" }, 4)).toBeCloseTo(Math.log(4), 6);
});

test.each(["deformable-detr-small", "detr-small"])("%s: the weights of the losses are those of the matching costs", (preset) => {
  const config = resolveConfig({ ...needed, preset, boxL1Weight: 7, giouWeight: 11 });
  const { losses, matcher } = createCriterion(config);
  expect(losses.map(({ name, weight }) => [name, weight])).toEqual([["classification", config.classWeight], ["boxL1", 7], ["generalizedIou", 11]]);
  // Two queries with the same class; the first one's box is right, so it is the cheaper one.
  const prediction = { queries: 2, classes: 4, logits: new Float32Array(8), boxes: Float32Array.of(0.5, 0.5, 0.25, 0.25, 0.25, 0.5, 0.25, 0.25) };
  expect(matcher.matchImage(prediction, { labels: Int32Array.of(1), boxes: Float32Array.of(0.5, 0.5, 0.25, 0.25) }).queries).toEqual(Int32Array.of(0));
});
