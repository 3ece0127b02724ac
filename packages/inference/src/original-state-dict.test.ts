import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PickleRecord, type TensorData } from "@detrkit/checkpoint";
import { type PresetName, presets } from "@detrkit/detr";
import { expect, test } from "vitest";
import { ownFamilies, recogniseStateDict, type UnseenSettings } from "./families.ts";
import { settingsOf } from "./pth-settings.ts";

const recognise = (stateDict: Map<string, TensorData>, path: string, unseen: UnseenSettings = {}) =>
  recogniseStateDict(stateDict, path, ownFamilies, unseen);

const fixtures = join(import.meta.dirname, "..", "..", "..", "fixtures", "models");

/** Names and shapes of the original's parameters; recognising reads nothing else. */
function keysOf(model: string): Map<string, TensorData> {
  const { state_dict } = JSON.parse(readFileSync(join(fixtures, `keys-${model}.json`), "utf8")) as {
    readonly state_dict: readonly { readonly key: string; readonly shape: readonly number[] }[];
  };
  return new Map(state_dict.map(({ key, shape }) => [key, { dtype: "float32", shape, values: new Float32Array() }]));
}

test.each<[string, PresetName]>([
  ["detr-r50", "detr-r50"],
  ["detr-r101", "detr-r101"],
  ["deformable-r50", "deformable-detr-r50"],
  ["deformable-r50-refine", "deformable-detr-r50-refine"],
  ["deformable-r50-two-stage", "deformable-detr-r50-two-stage"],
  ["deformable-r50-single-scale", "deformable-detr-r50-single-scale"],
])("the state dict of %s is the preset %s", (model, preset) => {
  expect(recognise(keysOf(model), "weights.pth").settings).toEqual(presets[preset]);
});

test.each<[string, PresetName]>([
  ["detr-r50-dc5", "detr-r50-dc5"],
  ["deformable-r50-single-scale-dc5", "deformable-detr-r50-single-scale-dc5"],
])("%s differs by what its command line said", (model, preset) => {
  const args = new PickleRecord("argparse.Namespace", []);
  args.state = new Map<string, boolean | number>([
    ["dilation", true],
    ["nheads", 8],
    ["num_queries", 17],
  ]);
  const unseen = settingsOf(new Map([["args", args]]));
  expect(recognise(keysOf(model), "weights.pth", unseen).settings).toEqual(presets[preset]);
  expect(unseen).toEqual({ heads: 8, numQueries: 17, dilateLastStage: true });
});

test("heads and queries that shapes do not show come from the command line", () => {
  const { settings } = recognise(keysOf("deformable-r50-two-stage"), "weights.pth", {
    heads: 4,
    numQueries: 123,
  });
  expect(settings).toMatchObject({ numQueries: 123, transformer: { heads: 4, encoderPoints: 8, decoderPoints: 8 } });
});

test("wrappers do not hide what it is, other models are refused", () => {
  const wrapped = new Map([...keysOf("detr-r50")].map(([key, data]) => [`module.${key}`, data]));
  expect(recognise(wrapped, "weights.pth").settings).toEqual(presets["detr-r50"]);
  const other = new Map<string, TensorData>([
    ["conv1.weight", { dtype: "float32", shape: [64, 3, 7, 7], values: new Float32Array() }],
  ]);
  expect(() => recognise(other, "resnet50.pth")).toThrow(/^resnet50\.pth: is no state dict of .*conv1\.weight/u);
  const cut = keysOf("detr-r50");
  cut.delete("class_embed.weight");
  expect(() => recognise(cut, "cut.pth")).toThrow('cut.pth: has no "class_embed.weight"; is it the whole model?');
});
