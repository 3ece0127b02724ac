import { type Backbone, ResNet } from "@detrkit/backbone";
import { ConfigError, Random } from "@detrkit/common";
import { MultiScaleDeformableAttention } from "@detrkit/deformable-attention";
import { LearnedPositionEncoding, type PositionEncoding, SinePositionEncoding } from "@detrkit/position-encoding";
import { Transformer } from "@detrkit/transformer";
import { DeformableDetr } from "./deformable/deformable-detr.ts";
import type { DetectionModel } from "./detection-model.ts";
import type { DeformableDetrSettings, DetectorConfig, DetrSettings, PositionEncodingSettings } from "./detector-config.ts";
import { Detr } from "./detr.ts";
import { type DeformableDetrPresetName, type DetrPresetName, type PresetName, presets } from "./presets.ts";
import { UnsetWeights } from "./unset-weights.ts";

export interface CreateDetectorOptions {
  /** Instead of the configuration's: how many classes the data has. */
  readonly numClasses?: number;
  /** Instead of the configuration's ResNet: a backbone of one's own. Its levels decide what the projections after it expect. */
  readonly backbone?: Backbone;
  /** Decides the initial weights: the same seed, the same model. Default 0. */
  readonly seed?: number;
  /** `false` leaves zeros where random weights would be, for a checkpoint to fill: a large model is then built much faster. Default `true`. */
  readonly initialize?: boolean;
}

/**
 * Builds a detector from a preset or from a configuration of one's own.
 *
 * @throws ConfigError when there is no such preset, or a setting is impossible
 */
export function createDetector(presetOrConfig: DetrPresetName | DetrSettings, options?: CreateDetectorOptions): Detr;
export function createDetector(presetOrConfig: DeformableDetrPresetName | DeformableDetrSettings, options?: CreateDetectorOptions): DeformableDetr;
export function createDetector(presetOrConfig: PresetName | DetectorConfig, options?: CreateDetectorOptions): DetectionModel;
export function createDetector(presetOrConfig: PresetName | DetectorConfig, options: CreateDetectorOptions = {}): Detr | DeformableDetr {
  const config = typeof presetOrConfig === "string" ? presetNamed(presetOrConfig) : presetOrConfig;
  const random = options.initialize === false ? new UnsetWeights() : new Random(options.seed ?? 0);
  if (config.model === "detr") return createDetr(config, options, random);
  if (config.model === "deformable-detr") return createDeformableDetr(config, options, random);
  const { model } = config as { readonly model: string };
  throw new ConfigError(`createDetector: there is no model "${model}"; models: detr, deformable-detr`);
}

function createDetr(config: DetrSettings, { numClasses = config.numClasses, backbone }: CreateDetectorOptions, random: Random): Detr {
  const { preNorm, ...sizes } = config.transformer;
  return new Detr({
    backbone: backbone ?? new ResNet({ ...config.backbone, random: random.fork("backbone") }),
    positionEncoding: createPositionEncoding(config.positionEncoding, sizes.dim, random.fork("positionEncoding")),
    transformer: new Transformer({ ...sizes, normalizeBefore: preNorm, random: random.fork("transformer") }),
    numClasses,
    numQueries: config.numQueries,
    random: random.fork("detr"),
  });
}

function createDeformableDetr(config: DeformableDetrSettings, { numClasses = config.numClasses, backbone }: CreateDetectorOptions, random: Random): DeformableDetr {
  const { encoderPoints, decoderPoints, ...sizes } = config.transformer;
  const { featureLevels: levels, boxRefinement, twoStage, numQueries } = config;
  const ofTransformer = random.fork("transformer");
  const attention = (points: number) => () => new MultiScaleDeformableAttention({ dim: sizes.dim, heads: sizes.heads, levels, points, random: ofTransformer });
  return new DeformableDetr({
    backbone: backbone ?? new ResNet({ ...config.backbone, random: random.fork("backbone") }),
    positionEncoding: new SinePositionEncoding({ dim: sizes.dim, cellCentres: true }),
    transformer: new Transformer({
      ...sizes,
      decoderNorm: false,
      encoderAttention: attention(encoderPoints),
      decoderAttention: attention(decoderPoints),
      random: ofTransformer,
    }),
    featureLevels: levels,
    boxRefinement,
    twoStage,
    numClasses,
    numQueries,
    random: random.fork("deformableDetr"),
  });
}

function createPositionEncoding(settings: PositionEncodingSettings, dim: number, random: Random): PositionEncoding {
  if (settings.kind === "learned") return new LearnedPositionEncoding({ dim, random });
  return new SinePositionEncoding({ dim, normalize: settings.normalize ?? true });
}

function presetNamed(name: string): DetectorConfig {
  if (!Object.hasOwn(presets, name)) throw new ConfigError(`createDetector: there is no preset "${name}"; presets: ${Object.keys(presets).join(", ")}`);
  return presets[name as PresetName];
}
