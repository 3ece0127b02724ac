import { ResNet } from "@detrkit/backbone";
import { ConfigError, Random } from "@detrkit/common";
import { LearnedPositionEncoding, type PositionEncoding, SinePositionEncoding } from "@detrkit/position-encoding";
import { Transformer } from "@detrkit/transformer";
import type { DetectorConfig, PositionEncodingSettings } from "./detector-config.ts";
import { Detr } from "./detr.ts";
import { type PresetName, presets } from "./presets.ts";
import { UnsetWeights } from "./unset-weights.ts";

export interface CreateDetectorOptions {
  /** Instead of the configuration's: how many classes the data has. */
  readonly numClasses?: number;
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
export function createDetector(presetOrConfig: PresetName | DetectorConfig, options: CreateDetectorOptions = {}): Detr {
  const { backbone, positionEncoding, transformer, numQueries, ...config } = typeof presetOrConfig === "string" ? presetNamed(presetOrConfig) : presetOrConfig;
  if (config.model !== "detr") throw new ConfigError(`createDetector: there is no model "${config.model}", only "detr"`);
  const random = options.initialize === false ? new UnsetWeights() : new Random(options.seed ?? 0);
  const { preNorm, ...sizes } = transformer;
  return new Detr({
    backbone: new ResNet({ ...backbone, random: random.fork("backbone") }),
    positionEncoding: createPositionEncoding(positionEncoding, transformer.dim, random.fork("positionEncoding")),
    transformer: new Transformer({ ...sizes, normalizeBefore: preNorm, random: random.fork("transformer") }),
    numClasses: options.numClasses ?? config.numClasses,
    numQueries,
    random: random.fork("detr"),
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
