import { ConfigError, Random } from "@detrkit/common";
import type { Module } from "@detrkit/nn";
import type { z } from "zod";
import type { DetectionModel } from "./detection-model.ts";
import type { OwnParts } from "./create-parts.ts";
import { UnsetWeights } from "./unset-weights.ts";

/** What the settings of every detector have: its family's name, and its number of classes. Plain JSON. */
export interface DetectorSettings {
  readonly model: string;
  readonly numClasses: number;
}

/** What a family gets in addition to its settings. */
export interface BuildOptions {
  /** Where the initial weights are drawn from. */
  readonly random: Random;
  /** Built parts instead of those that the settings describe. A transformer is one for the family. */
  readonly parts?: OwnParts<Module>;
}

/** A setting that is impossible, alone or together with others. */
export interface SettingProblem {
  /** Where it is: `["transformer", "heads"]`. */
  readonly path: readonly string[];
  /** What it must be: `must divide the width of 256`. */
  readonly message: string;
}

/** A layer with one output for each class: `PATH.weight [D, C]` and `PATH.bias [C]`. */
export interface ClassHead {
  /** Path of the layer: `classHead`. */
  readonly path: string;
  /** Outputs after those of the classes, which mean the same for all data: 1 for DETR's "no object". Default 0. */
  readonly further?: number;
  /** Whether the first output means "object" for all classes: a two-stage model chooses its proposals by it. */
  readonly firstIsObject?: boolean;
}

/**
 * One kind of detector, as a value: what loading, training and a command line have to know about it, so that none of
 * them depends on which one it is. DETR is one family, Deformable DETR another, and `defineDetector` of
 * `@detrkit/training` makes one of your own.
 */
export interface DetectorFamily<
  Settings extends DetectorSettings = DetectorSettings,
  Model extends DetectionModel<object> = DetectionModel<object>,
> {
  /** `model` in its settings, and so in its checkpoints. */
  readonly name: string;
  /** Its name as people write it. */
  readonly title: string;
  /**
   * Schema of the settings, a strict zod object, without `model` and `numClasses`, which nobody chooses. Types, flags,
   * help and JSON Schema follow from it.
   */
  readonly settings: z.ZodObject;
  /** Named settings of this family. */
  readonly presets: Readonly<Record<string, Settings>>;
  /** Builds the model of settings that fit the schema. Impossible ones are a ConfigError. */
  create(settings: Settings, options: BuildOptions): Model;
  /** Problems of settings that fit the schema, but not each other. Default: none. */
  problems?(settings: Settings): readonly SettingProblem[];
  /**
   * Lower bounds of the numbers that a model with these settings holds, by setting: a file with fewer numbers cannot be
   * its checkpoint, and is refused before memory is allocated for it. Default: none.
   */
  leastNumbers?(settings: Settings): readonly (readonly [setting: string, numbers: number])[];
  /**
   * The layers whose outputs are classes. Weights that were trained on other classes leave them out, but for the rows
   * of classes of the same name. Default: none, so that only weights for as many classes fit.
   */
  classHeads?(settings: Settings): readonly ClassHead[];
  /**
   * Path of the parameter with a row for each query, `[Q, …]`: weights for another number of queries give the rows
   * that both have. Default: none, so that only weights for as many queries fit.
   */
  readonly queryEmbedding?: string;
  /**
   * What `masks` of the settings is for a mask head as published, beside these settings; `masks` itself may be missing
   * there. Default: none, for detectors of boxes only.
   */
  maskSettings?(settings: Settings): object;
  /**
   * Beginnings of the paths of parts that a model may have in addition, as a mask head: weights without such a part fit
   * too, and it is learnt anew. Default: none.
   */
  readonly additions?: readonly string[];
}

/** How a detector's weights are initialised. */
export interface InitialWeights {
  /** Decides the initial weights: the same seed, the same model. Default 0. */
  readonly seed?: number;
  /**
   * `false` leaves zeros where random weights would be, for a checkpoint to fill: a large model is then built much
   * faster. Default `true`.
   */
  readonly initialize?: boolean;
}

/** The random numbers that initial weights are drawn from. */
export function randomFor({ seed = 0, initialize = true }: InitialWeights): Random {
  return initialize ? new Random(seed) : new UnsetWeights();
}

/**
 * Checks settings against the schema and the rules of their family.
 *
 * @param source - where they come from, for the error
 * @returns the settings, now known to be of the family
 * @throws ConfigError naming the first setting that is wrong
 */
export function checkSettings<Settings extends DetectorSettings>(
  family: DetectorFamily<Settings>,
  settings: DetectorSettings,
  source: string,
): Settings {
  const refuse = ({ path, message }: { readonly path: readonly PropertyKey[]; readonly message: string }): never => {
    throw new ConfigError(`${source}: ${path.map(String).join(".")}: ${message}`);
  };
  const { model, numClasses, ...own } = settings;
  if (model !== family.name) refuse({ path: ["model"], message: `expected "${family.name}", got "${model}"` });
  if (!Number.isSafeInteger(numClasses) || numClasses < 1) {
    refuse({ path: ["numClasses"], message: `expected a whole number from 1, got ${JSON.stringify(numClasses)}` });
  }
  const checked = family.settings.safeParse(own);
  if (!checked.success) return refuse(checked.error.issues[0] ?? { path: [], message: "is not valid" });
  const [problem] = family.problems?.(settings as Settings) ?? [];
  return problem === undefined ? (settings as Settings) : refuse(problem);
}
