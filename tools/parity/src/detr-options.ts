import { ConfigError } from "@detrkit/common";
import { type DetectorConfig, presets } from "@detrkit/detr";
import { depthOf } from "./resnet-depth.ts";

/** Command-line options of the original that differ from its defaults, by the original's names. */
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
}

/** Refuses what a case asks for when there is no part for it yet. */
export function requireDetr(model: unknown, options: DetrOptions = {}): void {
  if (model !== "detr") throw new ConfigError(`model ${JSON.stringify(model)}: part does not exist yet`);
  if (options.masks === true) throw new ConfigError("masks: part does not exist yet");
}

/** The detector that the original's options describe. */
export function detectorConfigOf(options: DetrOptions, numClasses: number): DetectorConfig {
  const { backbone, transformer, ...rest } = presets["detr-r50"];
  return {
    ...rest,
    backbone: {
      ...backbone,
      depth: depthOf(options.backbone ?? "resnet50"),
      dilateLastStage: options.dilation ?? false,
      frozenStages: (options.lr_backbone ?? 1e-5) > 0 ? 2 : 5,
    },
    positionEncoding: options.position_embedding === "learned" ? { kind: "learned" } : { kind: "sine" },
    transformer: {
      dim: options.hidden_dim ?? transformer.dim,
      heads: options.nheads ?? transformer.heads,
      encoderLayers: options.enc_layers ?? transformer.encoderLayers,
      decoderLayers: options.dec_layers ?? transformer.decoderLayers,
      feedForwardDim: options.dim_feedforward ?? transformer.feedForwardDim,
      dropout: options.dropout ?? transformer.dropout,
      preNorm: options.pre_norm ?? transformer.preNorm,
    },
    numClasses,
    numQueries: options.num_queries ?? rest.numQueries,
  };
}
