import { deformableDetr, type DetectorDefinition, detr } from "@detrkit/training";
import { expect, test } from "vitest";
import { withMaskSettings } from "./mask-settings.ts";
import { resolveSources } from "./resolve-config.ts";
import type { SettingsTree } from "./settings-tree.ts";

const needed = { data: "shapes:8", output: "runs/test" };

/** The model's masks as weights, a file and flags ask for them, from the weakest to the strongest. */
function masksOf(
  masks: boolean | undefined,
  sources: readonly SettingsTree[],
  definition: DetectorDefinition = deformableDetr as unknown as DetectorDefinition,
  preset = "deformable-detr-small",
): unknown {
  const given = [{ ...needed, preset }, ...sources].map((settings) => ({ settings }));
  return resolveSources(withMaskSettings(given, { masks, definition, preset }), [definition]).model["masks"];
}

test("--masks stands for a head as published, as wide as the transformer of whatever source", () => {
  expect(masksOf(undefined, [{}])).toBeUndefined();
  expect(masksOf(true, [{}])).toEqual({ contextDim: 128 });
  expect(masksOf(true, [{ transformer: { dim: 256 } }, {}])).toEqual({ contextDim: 256 });
  expect(
    masksOf(true, [{}, { transformer: { dim: 192 } }], detr as unknown as DetectorDefinition, "detr-small"),
  ).toEqual({
    contextDim: 192,
  });
});

test("settings of a mask head ask for one, and what they don't say is as published", () => {
  expect(masksOf(undefined, [{ masks: { heads: 16 } }, {}])).toEqual({ contextDim: 128, heads: 16 });
  expect(masksOf(true, [{ masks: { contextDim: 256 } }, { masks: { heads: 16 } }])).toEqual({
    contextDim: 256,
    heads: 16,
  });
  expect(() => masksOf(true, [{ transformer: { dim: 32 } }])).toThrow(
    /masks\.contextDim: 32 must be a multiple of 128.*choose 128/u,
  );
});

test("--no-masks leaves the head of weights and of a file out, and means nothing beside settings of one", () => {
  const ofWeights = { masks: { contextDim: 256 } };
  expect(masksOf(undefined, [ofWeights, {}])).toEqual({ contextDim: 256 });
  expect(masksOf(false, [ofWeights, {}])).toBeUndefined();
  expect(() => masksOf(false, [{}, ofWeights])).toThrow("--no-masks leaves the mask head out");
});

test("a detector of boxes only says so", () => {
  const { maskSettings: _, ...boxesOnly } = detr as unknown as DetectorDefinition;
  expect(() => masksOf(true, [{}], boxesOnly, "detr-small")).toThrow("--masks: DETR is a detector of boxes only");
});
