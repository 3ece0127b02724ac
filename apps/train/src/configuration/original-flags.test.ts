import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { settingFlags } from "../cli/setting-flags.ts";
import { definitionOf, ownDefinitions } from "./definitions.ts";
import { presetTree } from "./resolve-config.ts";
import { valueAt } from "./settings-tree.ts";

/** Of `get_args_parser` in each `main.py`, in its order. */
const originals = {
  "detr-r50": `lr lr_backbone batch_size weight_decay epochs lr_drop clip_max_norm frozen_weights backbone dilation
    position_embedding enc_layers dec_layers dim_feedforward hidden_dim dropout nheads num_queries pre_norm masks
    no_aux_loss set_cost_class set_cost_bbox set_cost_giou mask_loss_coef dice_loss_coef bbox_loss_coef giou_loss_coef
    eos_coef dataset_file coco_path coco_panoptic_path remove_difficult output_dir device seed resume start_epoch eval
    num_workers world_size dist_url`,
  "deformable-detr-r50": `lr lr_backbone_names lr_backbone lr_linear_proj_names lr_linear_proj_mult batch_size
    weight_decay epochs lr_drop lr_drop_epochs clip_max_norm sgd with_box_refine two_stage frozen_weights backbone
    dilation position_embedding position_embedding_scale num_feature_levels enc_layers dec_layers dim_feedforward
    hidden_dim dropout nheads num_queries dec_n_points enc_n_points masks no_aux_loss set_cost_class set_cost_bbox
    set_cost_giou mask_loss_coef dice_loss_coef cls_loss_coef bbox_loss_coef giou_loss_coef focal_alpha dataset_file
    coco_path coco_panoptic_path remove_difficult output_dir device seed resume start_epoch eval num_workers
    cache_mode`,
} as const;

interface Row {
  readonly flag: string;
  readonly stated: Readonly<Record<keyof typeof originals, string>>;
  readonly ours: string;
  readonly note: string;
}

const page = await readFile(new URL("../../../../docs/original-flags.md", import.meta.url), "utf8");
const rows: readonly Row[] = page
  .split("\n")
  .filter((line) => line.startsWith("| `"))
  .map((line) => {
    const [, flag = "", detr = "", deformable = "", ours = "", note = ""] = line.split("|").map((cell) => cell.trim());
    const stated = { "detr-r50": detr, "deformable-detr-r50": deformable };
    return { flag: flag.replaceAll("`", ""), stated, ours: ours.replaceAll("`", ""), note };
  });

/** What a preset says in the original's units: a value as the table writes it, by the value of our setting. */
type Reading = (value: (path: string) => unknown) => unknown;
const setting =
  (path: string): Reading =>
  (value) =>
    value(path);
const isOn =
  (path: string): Reading =>
  (value) =>
    value(path) === true ? "on" : "off";
const costOf =
  (loss: string): Reading =>
  (value) =>
    value(`losses.${loss}Cost`) ?? value(`losses.${loss}`);
const number = (value: unknown): number => Number(Number(value).toPrecision(12));

const readings: Readonly<Record<string, Reading>> = {
  lr: setting("learningRate"),
  lr_backbone: (value) => number(Number(value("learningRate")) * Number(value("learningRateFactors.backbone"))),
  lr_linear_proj_mult: setting("learningRateFactors.sampling"),
  batch_size: setting("batchSize"),
  weight_decay: setting("optimizer.weightDecay"),
  epochs: setting("epochs"),
  lr_drop: (value) => number(Number(value("epochs")) * Number(value("schedule.dropAt"))),
  lr_drop_epochs: (value) => ((value("schedule.dropEpochs") as number[]).length === 0 ? "none" : "some"),
  clip_max_norm: setting("optimizer.clipNorm"),
  sgd: (value) => (value("optimizer.kind") === "sgd" ? "on" : "off"),
  backbone: (value) => `resnet${String(value("backbone.depth"))}`,
  dilation: isOn("backbone.dilateLastStage"),
  position_embedding: (value) => value("positionEncoding.kind") ?? "sine",
  num_feature_levels: setting("featureLevels"),
  enc_layers: setting("transformer.encoderLayers"),
  dec_layers: setting("transformer.decoderLayers"),
  dim_feedforward: setting("transformer.feedForwardDim"),
  hidden_dim: setting("transformer.dim"),
  dropout: setting("transformer.dropout"),
  nheads: setting("transformer.heads"),
  num_queries: setting("numQueries"),
  enc_n_points: setting("transformer.encoderPoints"),
  dec_n_points: setting("transformer.decoderPoints"),
  pre_norm: isOn("transformer.preNorm"),
  with_box_refine: isOn("boxRefinement"),
  two_stage: isOn("twoStage"),
  no_aux_loss: (value) => (value("auxiliaryLosses") === true ? "off" : "on"),
  set_cost_class: costOf("classification"),
  set_cost_bbox: costOf("boxL1"),
  set_cost_giou: costOf("generalizedIou"),
  cls_loss_coef: setting("losses.classification"),
  bbox_loss_coef: setting("losses.boxL1"),
  giou_loss_coef: setting("losses.generalizedIou"),
  eos_coef: setting("losses.noObject"),
  focal_alpha: setting("losses.focalAlpha"),
  masks: (value) => (value("masks") === undefined ? "off" : "on"),
  frozen_weights: (value) => (value("freezeDetector") === true ? "some" : "none"),
  mask_loss_coef: setting("losses.maskFocal"),
  dice_loss_coef: setting("losses.maskDice"),
  seed: setting("seed"),
  cache_mode: isOn("cacheImages"),
};

/** Flags whose default is no value that a run's settings could have. */
const withoutDefault = new Set(
  [
    "lr_backbone_names lr_linear_proj_names output_dir resume start_epoch eval coco_path " +
      "coco_panoptic_path dataset_file device",
  ].flatMap((names) => names.split(" ")),
);

test.each(Object.entries(originals))("the table has every flag of %s's original, and no others", (preset, names) => {
  const stated = rows.filter((row) => row.stated[preset as keyof typeof originals] !== "-").map(({ flag }) => flag);
  expect(stated.toSorted()).toEqual(names.split(/\s+/u).toSorted());
});

const cases = rows.flatMap(({ flag, stated, ours, note }) =>
  Object.entries(stated)
    .filter(([, value]) => value !== "-")
    .map(([preset, value]) => ({ flag, preset, value, ours, note })),
);

/** Whether a row says something that there is: a flag, a command, or in words what to do instead. */
function saysSomething({ ours, note }: Pick<Row, "ours" | "note">, flags: readonly string[]): boolean {
  if (ours.startsWith("--")) return flags.includes(ours.replace(/^--(no-)?/u, ""));
  return ours === "-" ? note !== "" : ours === "detrkit evaluate";
}

test.each(cases)("$flag: $value in $preset is said by $ours", ({ preset, ours, note }) => {
  const definition = definitionOf(preset, ownDefinitions);
  const flags = ["resume", "masks", ...settingFlags(definition, preset).map(({ name }) => name)];
  expect(saysSomething({ ours, note }, flags)).toBe(true);
});

test.each(cases.filter(({ flag }) => flag in readings))("$flag is $value in $preset", ({ flag, preset, value }) => {
  const tree = presetTree(definitionOf(preset, ownDefinitions), preset);
  const found = readings[flag]?.((path) => valueAt(tree, path.split(".")));
  expect(String(found)).toBe(Number.isNaN(Number(value)) ? value : String(Number(value)));
});

test("every default that a run's settings could have is compared", () => {
  const others = cases.filter(({ flag, ours }) => !(flag in readings) && !withoutDefault.has(flag) && ours !== "-");
  expect(others.map(({ flag }) => flag)).toEqual([]);
});
