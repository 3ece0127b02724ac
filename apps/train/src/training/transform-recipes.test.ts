import { detrEvaluation, detrTraining, fixedSize } from "@detrkit/datasets";
import { expect, test } from "vitest";
import { resolveConfig } from "../configuration/resolve-config.ts";
import { evaluationTransforms, trainingTransforms } from "./transform-recipes.ts";

const needed = { data: "shapes", output: "runs/test" };

test.each(["detr-r50", "deformable-detr-r50-two-stage"])("%s sees what DETR saw", (preset) => {
  const config = resolveConfig({ ...needed, preset, backboneNorm: "group", backboneFrozenStages: 0 });
  expect(trainingTransforms(config)).toEqual(detrTraining);
  expect(evaluationTransforms(config)).toEqual(detrEvaluation);
});

test.each(["detr-small", "deformable-detr-small"])("%s sees 320x240, mirrored both ways when it trains", (preset) => {
  const config = resolveConfig({ ...needed, preset, backboneNorm: "group", backboneFrozenStages: 0 });
  expect(trainingTransforms(config)).toEqual(fixedSize({ width: 320, height: 240 }, { training: true }));
  expect(evaluationTransforms(config)).toEqual(fixedSize({ width: 320, height: 240 }, { training: false }));
});

test("mirror images can be left out", () => {
  const steps = (flips: "none" | "horizontal") => trainingTransforms(resolveConfig({ ...needed, flips })).steps.map(({ kind }) => kind);
  expect(steps("none")).toEqual(["resizeTo"]);
  expect(steps("horizontal")).toEqual(["horizontalFlip", "resizeTo"]);
});
