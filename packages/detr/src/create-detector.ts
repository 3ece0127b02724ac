import { type Backbone, ResNet } from "@detrkit/backbone";
import { ConfigError, Random } from "@detrkit/common";
import { MultiScaleDeformableAttention } from "@detrkit/deformable-attention";
import { LearnedPositionEncoding, type PositionEncoding, SinePositionEncoding } from "@detrkit/position-encoding";
import { Transformer } from "@detrkit/transformer";
import { DeformableDetr } from "./deformable/deformable-detr.ts";
import type { DeformableTransformer } from "./deformable/deformable-config.ts";
import type { DetectionModel } from "./detection-model.ts";
import type { DeformableDetrSettings, DetectorConfig, DetrSettings } from "./detector-config.ts";
import { Detr, type DetrTransformer } from "./detr.ts";
import { type DeformableDetrPresetName, type DetrPresetName, type PresetName, presets } from "./presets.ts";
import { UnsetWeights } from "./unset-weights.ts";

/** Built parts instead of those that the configuration describes. The other parts get the same weights as without. */
export interface OwnParts<Transformer = DetrTransformer & DeformableTransformer> {
  /** Its levels decide what the projections after it expect. */
  readonly backbone?: Backbone;
  /** Its width `dim` must be the transformer's. */
  readonly positionEncoding?: PositionEncoding;
  /** Its width is that of the position encoding; a Deformable DETR's samples the configuration's `featureLevels`. */
  readonly transformer?: Transformer;
}

/** Settings of {@link createDetector}. The transformer that can be given depends on the model. */
export interface CreateDetectorOptions<Transformer = DetrTransformer & DeformableTransformer> {
  /** Instead of the configuration's: how many classes the data has. */
  readonly numClasses?: number;
  /** Parts of one's own instead of the configuration's. */
  readonly parts?: OwnParts<Transformer>;
  /** Decides the initial weights: the same seed, the same model. Default 0. */
  readonly seed?: number;
  /**
   * `false` leaves zeros where random weights would be, for a checkpoint to fill: a large model is then built much
   * faster. Default `true`.
   */
  readonly initialize?: boolean;
}

/**
 * Builds a detector from a preset or from a configuration of one's own.
 *
 * @throws ConfigError when there is no such preset, a setting is impossible, or a given part does not fit
 */
export function createDetector(
  presetOrConfig: DetrPresetName | DetrSettings,
  options?: CreateDetectorOptions<DetrTransformer>,
): Detr;
export function createDetector(
  presetOrConfig: DeformableDetrPresetName | DeformableDetrSettings,
  options?: CreateDetectorOptions<DeformableTransformer>,
): DeformableDetr;
export function createDetector(
  presetOrConfig: PresetName | DetectorConfig,
  options?: CreateDetectorOptions,
): DetectionModel;
export function createDetector(
  presetOrConfig: PresetName | DetectorConfig,
  options: CreateDetectorOptions<DetrTransformer | DeformableTransformer> = {},
): Detr | DeformableDetr {
  const config = typeof presetOrConfig === "string" ? presetNamed(presetOrConfig) : presetOrConfig;
  const random = options.initialize === false ? new UnsetWeights() : new Random(options.seed ?? 0);
  expectFittingWidth(config, options.parts ?? {});
  // The signatures above see to it that the transformer is one for this model.
  if (config.model === "detr") return createDetr(config, options as CreateDetectorOptions<DetrTransformer>, random);
  if (config.model === "deformable-detr") {
    return createDeformableDetr(config, options as CreateDetectorOptions<DeformableTransformer>, random);
  }
  const { model } = config as { readonly model: string };
  throw new ConfigError(`createDetector: there is no model "${model}"; models: detr, deformable-detr`);
}

function createDetr(
  config: DetrSettings,
  { numClasses = config.numClasses, parts = {} }: CreateDetectorOptions<DetrTransformer>,
  random: Random,
): Detr {
  const { preNorm, ...sizes } = config.transformer;
  return new Detr({
    backbone: parts.backbone ?? new ResNet({ ...config.backbone, random: random.fork("backbone") }),
    positionEncoding: parts.positionEncoding ?? createPositionEncoding(config, random.fork("positionEncoding")),
    transformer:
      parts.transformer ?? new Transformer({ ...sizes, normalizeBefore: preNorm, random: random.fork("transformer") }),
    numClasses,
    numQueries: config.numQueries,
    random: random.fork("detr"),
  });
}

function createDeformableDetr(
  config: DeformableDetrSettings,
  { numClasses = config.numClasses, parts = {} }: CreateDetectorOptions<DeformableTransformer>,
  random: Random,
): DeformableDetr {
  const { transformer, featureLevels, boxRefinement, twoStage, numQueries } = config;
  const { dim } = transformer;
  return new DeformableDetr({
    backbone: parts.backbone ?? new ResNet({ ...config.backbone, random: random.fork("backbone") }),
    positionEncoding: parts.positionEncoding ?? new SinePositionEncoding({ dim, cellCentres: true }),
    transformer: parts.transformer ?? createSamplingTransformer(config, random.fork("transformer")),
    featureLevels,
    boxRefinement,
    twoStage,
    numClasses,
    numQueries,
    random: random.fork("deformableDetr"),
  });
}

function createSamplingTransformer(config: DeformableDetrSettings, random: Random): Transformer {
  const { encoderPoints, decoderPoints, ...sizes } = config.transformer;
  const { dim, heads } = sizes;
  const levels = config.featureLevels;
  const attention = (points: number) => () => new MultiScaleDeformableAttention({ dim, heads, levels, points, random });
  return new Transformer({
    ...sizes,
    decoderNorm: false,
    encoderAttention: attention(encoderPoints),
    decoderAttention: attention(decoderPoints),
    random,
  });
}

/** A transformer of one's own does not tell its width; the configuration's must be that of the position encoding. */
function expectFittingWidth(config: DetectorConfig, { positionEncoding, transformer }: OwnParts<unknown>): void {
  const { dim } = config.transformer;
  if (transformer !== undefined || positionEncoding === undefined || positionEncoding.dim === dim) return;
  throw new ConfigError(
    `createDetector: parts.positionEncoding has a width of ${positionEncoding.dim}, but the configuration's ` +
      `transformer one of ${dim}; set transformer.dim to ${positionEncoding.dim}, ` +
      `or build the position encoding with dim ${dim}`,
  );
}

function createPositionEncoding(config: DetrSettings, random: Random): PositionEncoding {
  const { dim } = config.transformer;
  const settings = config.positionEncoding;
  if (settings.kind === "learned") return new LearnedPositionEncoding({ dim, random });
  return new SinePositionEncoding({ dim, normalize: settings.normalize ?? true });
}

function presetNamed(name: string): DetectorConfig {
  if (!Object.hasOwn(presets, name))
    throw new ConfigError(`createDetector: there is no preset "${name}"; presets: ${Object.keys(presets).join(", ")}`);
  return presets[name as PresetName];
}
