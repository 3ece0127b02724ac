import { expect, test } from "vitest";
import { ownDefinitions, presetNames, schemaOf } from "../configuration/definitions.ts";
import { flagName, settingsOf } from "../configuration/settings-tree.ts";
import { predictCommand } from "../commands/predict.ts";
import { trainCommand } from "../commands/train.ts";
import { parseFlags } from "./parse-flags.ts";
import { plainName } from "./plain-name.ts";

const { description: training } = await trainCommand([]);

test.each([
  ["--lr", "--learning-rate?"],
  ["--lr0", "--learning-rate?"],
  ["--imgsz", "--transforms.size? (WxH)"],
  ["--batch", "--batch-size?"],
  ["--epoch", "--epochs?"],
  ["--lr_backbone", "--learning-rate-factors.backbone? (a factor of --learning-rate)"],
  ["--lr-backbone", "--learning-rate-factors.backbone? (a factor of --learning-rate)"],
  ["--clip_max_norm", "--optimizer.clip-norm?"],
  ["--enc_layers", "--transformer.encoder-layers?"],
  ["--output_dir", "--output?"],
  ["--coco_path", "--data?"],
  ["--device", "--backend? (auto, native, wasm or cpu)"],
  ["--bbox_loss_coef", "--losses.box-l1?"],
  ["--frozen_weights", "--freeze-detector? (a switch; --init names the weights)"],
  ["--mask_loss_coef", "--losses.mask-focal? (with --losses.mask-points 0)"],
  ["--freeze", "--backbone.frozen-stages? (stages of the backbone)"],
  ["--cos_lr", "--schedule.kind? (cosine)"],
])("train %s suggests %s", (typed, meant) => {
  expect(() => parseFlags([typed, "1"], training.flags)).toThrow(`unknown flag ${typed}, did you mean ${meant}`);
});

test.each([
  ["--weights", "--checkpoint?"],
  ["--conf", "--threshold?"],
  ["--project", "--output?"],
])("predict %s suggests %s", (typed, meant) => {
  const { flags } = predictCommand.description;
  expect(() => parseFlags([typed, "1"], flags)).toThrow(`unknown flag ${typed}, did you mean ${meant}`);
});

test("what DETR's script writes with underscores is the flag itself", () => {
  const { values } = parseFlags(["--num_queries", "7", "--batch_size=2"], training.flags);
  expect(Object.fromEntries(values)).toEqual({ "num-queries": 7, "batch-size": 2 });
});

test("no two flags of a command are the same but for dashes, dots and capitals", async () => {
  const ofTraining = ownDefinitions.map((definition) => ({
    of: presetNames([definition])[0],
    names: settingsOf(schemaOf(definition)).map(({ path }) => flagName(path)),
  }));
  const commands = [
    ...ofTraining,
    { of: "train", names: training.flags.map(({ name }) => name) },
    { of: "predict", names: predictCommand.description.flags.map(({ name }) => name) },
  ];
  for (const { of, names } of commands)
    expect(`${of}: ${new Set(names.map(plainName)).size}`).toBe(`${of}: ${names.length}`);
});
