import { plainName } from "./plain-name.ts";

/** What somebody who knows Ultralytics' YOLO, or the originals' scripts, types for a flag of ours. */
interface Familiar {
  /** Flags that mean it here; the first that the command has is named. */
  readonly flags: readonly string[];
  /** What is different about it. */
  readonly note?: string;
}

const as = (...flags: readonly string[]): Familiar => ({ flags });
const noted = (note: string, ...flags: readonly string[]): Familiar => ({ flags, note });

const factor = "a factor of --learning-rate";
const weights = as("checkpoint", "init", "preset");
const size = noted("WxH", "transforms.size");
const warmup = noted("in steps", "schedule.warmup-steps");

const familiar: Readonly<Record<string, Familiar>> = {
  // Both, and many others.
  lr: as("learning-rate"),
  lr0: as("learning-rate"),
  lrbackbone: noted(factor, "learning-rate-factors.backbone"),
  lrlinearprojmult: as("learning-rate-factors.sampling"),
  lrdrop: as("schedule.drop-epochs", "schedule.drop-at"),
  batch: as("batch-size"),
  bs: as("batch-size"),
  epoch: as("epochs"),
  numepochs: as("epochs"),
  outputdir: as("output"),
  savedir: as("output"),
  outdir: as("output"),
  project: as("output"),
  device: noted("auto, native, wasm or cpu", "backend"),
  // Ultralytics.
  imgsz: size,
  imagesize: size,
  imgsize: size,
  weights,
  model: weights,
  ckpt: weights,
  pretrained: weights,
  conf: as("threshold"),
  confthres: as("threshold"),
  confidence: as("threshold"),
  savetxt: noted("yolo", "save"),
  savejson: noted("coco", "save", "json"),
  cfg: as("config"),
  existok: as("overwrite"),
  warmupepochs: warmup,
  warmup: warmup,
  fliplr: as("transforms.flips"),
  coslr: noted("cosine", "schedule.kind"),
  optimizer: noted("adamw or sgd", "optimizer.kind"),
  freeze: noted("stages of the backbone", "backbone.frozen-stages"),
  patience: as("early-stop.patience"),
  cache: as("cache-images"),
  saveperiod: as("save-every"),
  time: as("max-minutes"),
  // The originals.
  frozenweights: noted("a switch; --init names the weights", "freeze-detector"),
  masklosscoef: noted("with --losses.mask-points 0", "losses.mask-focal"),
  dicelosscoef: as("losses.mask-dice"),
  cocopanopticpath: noted("panoptic data is found by itself", "data"),
  cocopath: as("data"),
  datasetfile: as("data"),
  dataset: as("data"),
  datapath: as("data"),
  nheads: as("transformer.heads"),
  enclayers: as("transformer.encoder-layers"),
  declayers: as("transformer.decoder-layers"),
  dimfeedforward: as("transformer.feed-forward-dim"),
  encnpoints: as("transformer.encoder-points"),
  decnpoints: as("transformer.decoder-points"),
  numfeaturelevels: as("feature-levels"),
  withboxrefine: as("box-refinement"),
  clipmaxnorm: as("optimizer.clip-norm"),
  clslosscoef: as("losses.classification"),
  bboxlosscoef: as("losses.box-l1"),
  gioulosscoef: as("losses.generalized-iou"),
  eoscoef: as("losses.no-object"),
  dilation: as("backbone.dilate-last-stage"),
  positionembedding: as("position-encoding.kind"),
  auxloss: as("auxiliary-losses"),
};

/**
 * `, did you mean --NAME?` for a flag that other programs have, where this command has one of its meaning; nothing for
 * any other.
 */
export function familiarSuggestion(typed: string, known: readonly string[]): string {
  const name = plainName(typed);
  const meant = Object.hasOwn(familiar, name) ? familiar[name] : undefined;
  const flag = meant?.flags.find((candidate) => known.includes(candidate));
  if (flag === undefined) return "";
  return `, did you mean --${flag}?${meant?.note === undefined ? "" : ` (${meant.note})`}`;
}
