import { type Dialect, originalDeformableDetr, originalDetr } from "@detrkit/checkpoint";
import { ConfigError } from "@detrkit/common";
import {
  DeformableDetr,
  type DetectionModel,
  type DeformableDetrSettings,
  type DetectorConfig,
  type DetrSettings,
  presets,
} from "@detrkit/detr";
import { depthOf } from "@detrkit/test-utils/recorded";

/** The names that the original gives to a detector's parameters. */
export function namesOf(model: DetectionModel): { readonly dialect: Dialect } {
  return { dialect: model instanceof DeformableDetr ? originalDeformableDetr : originalDetr };
}

/** Command-line options of the originals that differ from their defaults, by the originals' names. */
export interface DetrOptions {
  readonly backbone?: string;
  readonly dilation?: boolean;
  readonly position_embedding?: "sine" | "learned";
  readonly hidden_dim?: number;
  readonly nheads?: number;
  readonly dim_feedforward?: number;
  readonly enc_layers?: number;
  readonly dec_layers?: number;
  readonly num_queries?: number;
  readonly pre_norm?: boolean;
  readonly dropout?: number;
  readonly lr?: number;
  readonly lr_backbone?: number;
  readonly masks?: boolean;
  readonly num_feature_levels?: number;
  readonly enc_n_points?: number;
  readonly dec_n_points?: number;
  readonly with_box_refine?: boolean;
  readonly two_stage?: boolean;
}

/** The originals, as cases and their repositories call them. */
const models: Readonly<Record<string, DetectorConfig["model"]>> = {
  detr: "detr",
  deformable: "deformable-detr",
  "Deformable-DETR": "deformable-detr",
};

/**
 * The detector that an original's options describe.
 *
 * @param model - `detr` or `deformable`, or the name of the original's repository
 * @throws ConfigError for what there is no part for yet
 */
export function detectorConfigOf(model: unknown, options: DetrOptions, numClasses: number): DetectorConfig {
  const kind = typeof model === "string" ? models[model] : undefined;
  if (kind === undefined) throw new ConfigError(`model ${JSON.stringify(model)}: part does not exist yet`);
  const config = kind === "detr" ? detrConfig(options) : deformableDetrConfig(options);
  const masks = options.masks === true && { masks: { contextDim: config.transformer.dim } };
  return { ...config, ...masks, numClasses, numQueries: options.num_queries ?? config.numQueries };
}

function detrConfig(options: DetrOptions): DetrSettings {
  const preset = presets["detr-r50"];
  return {
    ...preset,
    backbone: backboneOf(preset.backbone, options),
    positionEncoding: options.position_embedding === "learned" ? { kind: "learned" } : { kind: "sine" },
    transformer: { ...sizesOf(preset.transformer, options), preNorm: options.pre_norm ?? preset.transformer.preNorm },
  };
}

function deformableDetrConfig(options: DetrOptions): DeformableDetrSettings {
  if (options.position_embedding === "learned")
    throw new ConfigError("learned position encodings of Deformable DETR: part does not exist yet");
  const { transformer, backbone, ...preset } = presets["deformable-detr-r50"];
  const featureLevels = options.num_feature_levels ?? preset.featureLevels;
  return {
    ...preset,
    backbone: { ...backboneOf(backbone, options), returnStages: featureLevels === 1 ? [4] : [2, 3, 4] },
    transformer: {
      ...sizesOf(transformer, options),
      encoderPoints: options.enc_n_points ?? transformer.encoderPoints,
      decoderPoints: options.dec_n_points ?? transformer.decoderPoints,
    },
    featureLevels,
    boxRefinement: options.with_box_refine ?? false,
    twoStage: options.two_stage ?? false,
  };
}

function backboneOf(
  backbone: DetrSettings["backbone"],
  { backbone: architecture, dilation, lr_backbone: rate }: DetrOptions,
): DetrSettings["backbone"] {
  return {
    ...backbone,
    depth: depthOf(architecture ?? "resnet50"),
    dilateLastStage: dilation ?? false,
    frozenStages: (rate ?? 1e-5) > 0 ? 2 : 5,
  };
}

type Sizes = Pick<
  DetrSettings["transformer"],
  "dim" | "heads" | "encoderLayers" | "decoderLayers" | "feedForwardDim" | "dropout"
>;

function sizesOf(defaults: Sizes, options: DetrOptions): Sizes {
  return {
    dim: options.hidden_dim ?? defaults.dim,
    heads: options.nheads ?? defaults.heads,
    encoderLayers: options.enc_layers ?? defaults.encoderLayers,
    decoderLayers: options.dec_layers ?? defaults.decoderLayers,
    feedForwardDim: options.dim_feedforward ?? defaults.feedForwardDim,
    dropout: options.dropout ?? defaults.dropout,
  };
}
