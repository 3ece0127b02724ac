import { createDetector, presets } from "@detrkit/detr";
import { useBackend } from "@detrkit/test-utils";
import { expect, test } from "vitest";
import { demos } from "../commands/demos.ts";
import { detectorConfig, presetNames } from "./model-settings.ts";
import { resolveConfig } from "./resolve-config.ts";

useBackend("cpu");

const needed = { data: "shapes", output: "runs/test" };

test("every preset of the models has a recipe here", () => {
  expect(presetNames.toSorted()).toEqual(Object.keys(presets).toSorted());
});

test.each(presetNames)("%s without further settings is the model of that name", (name) => {
  expect(detectorConfig(resolveConfig({ ...needed, preset: name }), presets[name].numClasses)).toEqual(presets[name]);
});

test("settings change the model they name", () => {
  const config = resolveConfig({ ...needed, backboneStages: [3, 4], featureLevels: 5, points: 7, boxRefinement: false, hiddenDim: 96, heads: 3 });
  expect(detectorConfig(config, 11)).toMatchObject({
    model: "deformable-detr",
    backbone: { returnStages: [3, 4], width: 32 },
    transformer: { dim: 96, heads: 3, encoderPoints: 7, decoderPoints: 7 },
    featureLevels: 5,
    boxRefinement: false,
    numClasses: 11,
  });
  expect(detectorConfig(resolveConfig({ ...needed, preset: "detr-small", backboneStage: 2, positionsNormalized: false }), 3)).toMatchObject({
    backbone: { returnStages: [2] },
    positionEncoding: { kind: "sine", normalize: false },
  });
});

test("the demo trains the model whose curves are recorded", () => {
  const { settings } = demos["deformable-detr"].whole;
  const model = createDetector(detectorConfig(resolveConfig({ ...needed, ...settings }), 3), { initialize: false });
  expect([...model.trainableParameters().values()].reduce((sum, { size }) => sum + size, 0)).toBe(420_103);
  model.dispose();
});
