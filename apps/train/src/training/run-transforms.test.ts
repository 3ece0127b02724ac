import { detrEvaluation, detrTraining, fixedSize, letterboxed } from "@detrkit/datasets";
import { expect, test } from "vitest";
import { presetNames } from "../configuration/definitions.ts";
import { resolveConfig } from "../configuration/resolve-config.ts";
import { needed, trainAll } from "../../test/support/sized-config.ts";
import { mosaicNote, runTransforms, transformsOf } from "./run-transforms.ts";

test.each(["detr-r50", "deformable-detr-r50-two-stage"])("%s sees what DETR saw", (preset) => {
  const config = resolveConfig({ ...trainAll, preset });
  expect(transformsOf(config, true)).toEqual(detrTraining);
  expect(transformsOf(config, false)).toEqual(detrEvaluation);
});

test.each(["detr-small", "deformable-detr-small"])("%s sees all of a photograph within 320x240, upright", (preset) => {
  const config = resolveConfig({ ...trainAll, preset });
  expect(transformsOf(config, true)).toEqual(letterboxed({ width: 320, height: 240 }, { training: true }));
  expect(transformsOf(config, false).steps).toEqual([{ kind: "letterbox", width: 320, height: 240 }]);
});

test.each(presetNames())("%s does not turn photographs upside down; a flag does", (preset) => {
  const kindsOf = (transforms: object): string =>
    JSON.stringify(transformsOf(resolveConfig({ ...trainAll, preset, transforms }), true));
  expect(kindsOf({})).toContain("horizontalFlip");
  expect(kindsOf({})).not.toContain("verticalFlip");
  expect(kindsOf({ flips: "both" })).toContain("verticalFlip");
});
test("mosaics, larger canvases and colours are settings, off by default; the last epochs see no mosaic", () => {
  const transforms = { size: "31x17", mosaic: 0.5, closeMosaic: 2, expand: 0.25, colourJitter: { hue: 0.1 } };
  const config = resolveConfig({ ...needed, epochs: 5, transforms });
  const { training, evaluation } = runTransforms(config);
  const kindsOf = (epoch: number): string[] =>
    typeof training === "function" ? training(epoch).steps.map(({ kind }) => kind) : [];
  const always = ["horizontalFlip", "letterbox", "expand", "letterbox", "colourJitter"];
  expect([0, 2, 3, 4].map(kindsOf)).toEqual([["mosaic", ...always], ["mosaic", ...always], always, always]);
  expect(evaluation.steps.map(({ kind }) => kind)).toEqual(["letterbox"]);
});

test("a run that is too short for the mosaics that it asks for is told so", () => {
  const noteOf = (epochs: number, mosaic: number): string | undefined =>
    mosaicNote(resolveConfig({ ...needed, epochs, transforms: { mosaic } }));
  expect(noteOf(10, 0.5)).toContain("--transforms.mosaic 0.5 does nothing here: the last 10 of 10 epochs are without");
  expect([noteOf(11, 0.5), noteOf(10, 0)]).toEqual([undefined, undefined]);
});

test("images can be squeezed to one size, as in runs before there was a letterbox", () => {
  const config = resolveConfig({ ...needed, transforms: { kind: "fixed", size: "31x17", flips: "both" } });
  expect(transformsOf(config, true)).toEqual(fixedSize({ width: 31, height: 17 }, { training: true, flips: "both" }));
});

test("mirror images can be left out", () => {
  const steps = (flips: "none" | "horizontal") =>
    transformsOf(resolveConfig({ ...needed, transforms: { flips } }), true).steps.map(({ kind }) => kind);
  expect(steps("none")).toEqual(["letterbox"]);
  expect(steps("horizontal")).toEqual(["horizontalFlip", "letterbox"]);
});
