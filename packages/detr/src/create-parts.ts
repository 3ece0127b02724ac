import { type Backbone, type FeatureLevel, ResNet } from "@detrkit/backbone";
import { ConfigError, type Random } from "@detrkit/common";
import { MultiScaleDeformableAttention } from "@detrkit/deformable-attention";
import { LearnedPositionEncoding, type PositionEncoding, SinePositionEncoding } from "@detrkit/position-encoding";
import { MaskHead } from "@detrkit/segmentation";
import { Transformer } from "@detrkit/transformer";
import type { DeformableTransformer } from "./deformable/deformable-config.ts";
import { DeformableDetr } from "./deformable/deformable-detr.ts";
import type { BuildOptions } from "./detector-family.ts";
import { Detr, type DetrTransformer } from "./detr.ts";
import type { DeformableDetrSettings, DetectorConfig, DetrSettings } from "./settings.ts";

/** Built parts instead of those that the configuration describes. The other parts keep the same initial weights. */
export interface OwnParts<Transformer = DetrTransformer & DeformableTransformer> {
  /** Its levels decide what the projections after it expect. */
  readonly backbone?: Backbone;
  /** Its width `dim` must be the transformer's. */
  readonly positionEncoding?: PositionEncoding;
  /** Its width is that of the position encoding; a Deformable DETR's samples the configuration's `featureLevels`. */
  readonly transformer?: Transformer;
}

/** Builds the parts of a DETR that are not given, and the model around them. */
export function createDetr(config: DetrSettings, { random, parts: given = {} }: BuildOptions): Detr {
  const parts = given as OwnParts<DetrTransformer>;
  expectFittingWidth(config, parts);
  const { preNorm, ...sizes } = config.transformer;
  const backbone = parts.backbone ?? createBackbone(config, random);
  return new Detr({
    backbone,
    positionEncoding: parts.positionEncoding ?? createPositionEncoding(config, random.fork("positionEncoding")),
    transformer: parts.transformer ?? new Transformer({ ...sizes, preNorm, random: random.fork("transformer") }),
    maskHead: createMaskHead(config, backbone.levels.slice(0, -1), random),
    numClasses: config.numClasses,
    numQueries: config.numQueries,
    random: random.fork("detr"),
  });
}

/** Builds the parts of a Deformable DETR that are not given, and the model around them. */
export function createDeformableDetr(
  config: DeformableDetrSettings,
  { random, parts: given = {} }: BuildOptions,
): DeformableDetr {
  const parts = given as OwnParts<DeformableTransformer>;
  expectFittingWidth(config, parts);
  const { featureLevels, boxRefinement, twoStage, numClasses, numQueries } = config;
  const backbone = parts.backbone ?? createBackbone(config, random);
  const { dim } = config.transformer;
  // Of a backbone of your own the transformer sees all levels.
  const seen = backbone.levels.filter(({ name }) => parts.backbone !== undefined || isReturned(config, name));
  const finer = backbone.levels
    .slice(0, -1)
    .map((level) => (seen.includes(level) ? { ...level, channels: dim } : level));
  return new DeformableDetr({
    backbone,
    transformerLevels: seen.map((level) => backbone.levels.indexOf(level)),
    positionEncoding: parts.positionEncoding ?? createCellEncoding(config, random.fork("positionEncoding")),
    transformer: parts.transformer ?? createSamplingTransformer(config, random.fork("transformer")),
    maskHead: createMaskHead(config, finer, random),
    featureLevels,
    boxRefinement,
    twoStage,
    numClasses,
    numQueries,
    random: random.fork("deformableDetr"),
  });
}

/** With masks it returns all of its maps: the mask head goes up through those that the transformer does not see. */
function createBackbone({ backbone, masks }: DetectorConfig, random: Random): ResNet {
  const returnStages = masks === undefined ? backbone.returnStages : stagesUpTo(Math.max(...backbone.returnStages));
  return new ResNet({ ...backbone, returnStages, random: random.fork("backbone") });
}

function stagesUpTo(last: number): number[] {
  return Array.from({ length: last }, (_, index) => index + 1);
}

/** Whether the transformer sees a stage of a {@link createBackbone}. */
function isReturned({ backbone }: DetectorConfig, level: string): boolean {
  return backbone.returnStages.some((stage) => level === `stage${stage}`);
}

/** @param finer - the levels before the last, from fine to coarse, with the channels that the head gets */
function createMaskHead(
  { masks, transformer }: DetectorConfig,
  finer: readonly FeatureLevel[],
  random: Random,
): MaskHead | undefined {
  if (masks === undefined) return undefined;
  const finerChannels = finer.map(({ channels }) => channels).toReversed();
  return new MaskHead({ ...masks, dim: transformer.dim, finerChannels, random: random.fork("maskHead") });
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

function createPositionEncoding(config: DetrSettings, random: Random): PositionEncoding {
  const { dim } = config.transformer;
  const settings = config.positionEncoding;
  if (settings.kind === "learned") return new LearnedPositionEncoding({ dim, random });
  return new SinePositionEncoding({ dim, normalize: settings.normalize ?? true });
}

/** Deformable DETR counts positions to the middles of cells. */
function createCellEncoding(
  { transformer, positionEncoding }: DeformableDetrSettings,
  random: Random,
): PositionEncoding {
  const { dim } = transformer;
  return positionEncoding?.kind === "learned"
    ? new LearnedPositionEncoding({ dim, random })
    : new SinePositionEncoding({ dim, cellCentres: true });
}

/** Your own transformer does not tell its width, so the configured width must be that of the position encoding. */
function expectFittingWidth(config: DetectorConfig, { positionEncoding, transformer }: OwnParts<unknown>): void {
  const { dim } = config.transformer;
  if (transformer !== undefined || positionEncoding === undefined || positionEncoding.dim === dim) return;
  throw new ConfigError(
    `createDetector: parts.positionEncoding has a width of ${positionEncoding.dim}, but the configuration's ` +
      `transformer one of ${dim}; set transformer.dim to ${positionEncoding.dim}, ` +
      `or build the position encoding with dim ${dim}`,
  );
}
