import { createDetector, presets } from "@detrkit/detr";
import { useBackend } from "@detrkit/test-utils";
import { expect, test } from "vitest";
import { demos } from "../commands/demos.ts";
import { detectorConfig, modelSettings, presetNames } from "./model-settings.ts";
import { resolveConfig } from "./resolve-config.ts";

useBackend("cpu");

const needed = { data: "shapes", output: "runs/test" };
/** What a published preset needs to be trained from random weights. */
const trainAll = { backboneNorm: "group", backboneFrozenStages: 0 } as const;

test("every preset of the models has a recipe here", () => {
  expect(presetNames.toSorted()).toEqual(Object.keys(presets).toSorted());
});

test.each(presetNames)("%s, all of its backbone trained, is otherwise the model of that name", (name) => {
  const config = resolveConfig({ ...needed, preset: name, ...trainAll });
  const backbone = { ...presets[name].backbone, norm: "group", frozenStages: 0 };
  expect(detectorConfig(config, presets[name].numClasses)).toEqual({ ...presets[name], backbone });
  const settings = { ...config, ...modelSettings(name) };
  expect(detectorConfig(settings, presets[name].numClasses)).toEqual(presets[name]);
});

test("the published models have no parameter left that is not trained", () => {
  const widths = { backboneWidth: 4, hiddenDim: 32, heads: 1, feedForwardDim: 3 };
  const sizes = { ...widths, encoderLayers: 1, decoderLayers: 1, numQueries: 5 };
  const config = resolveConfig({ ...needed, preset: "deformable-detr-r50", ...trainAll, ...sizes });
  const model = createDetector(detectorConfig(config, 3), { initialize: false });
  expect(model.trainableParameters()).toEqual(model.parameters());
  model.dispose();
});

test("settings change the model they name", () => {
  const config = resolveConfig({
    ...needed,
    backboneStages: [3, 4],
    featureLevels: 5,
    points: 7,
    boxRefinement: false,
    hiddenDim: 96,
    heads: 3,
  });
  expect(detectorConfig(config, 11)).toMatchObject({
    model: "deformable-detr",
    backbone: { returnStages: [3, 4], width: 32 },
    transformer: { dim: 96, heads: 3, encoderPoints: 7, decoderPoints: 7 },
    featureLevels: 5,
    boxRefinement: false,
    numClasses: 11,
  });
  expect(
    detectorConfig(resolveConfig({ ...needed, preset: "detr-small", backboneStage: 2, positionsNormalized: false }), 3),
  ).toMatchObject({
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
