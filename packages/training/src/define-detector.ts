import { ConfigError } from "@detrkit/common";
import type {
  BuildOptions,
  DeepReadonly,
  DetectionModel,
  DetectorSettings,
  DetrOutput,
  SettingProblem,
} from "@detrkit/detr";
import type { FamilyDialect, LoadableFamily } from "@detrkit/inference";
import * as z from "zod";
import type { Criterion } from "./train-options.ts";

/** Parameters that learn at a rate of their own. The backbone's have one in any case. */
export interface RateGroup<Settings = DetectorSettings> {
  /** Its name among the settings: `learningRateFactors.NAME`. */
  readonly name: string;
  /** What these parameters are, for help. */
  readonly description: string;
  /** Of the learning rate, unless the settings say otherwise. */
  readonly factor: number;
  /** Paths of the parameters, as `AdamW`'s groups take them. */
  match(settings: Settings): readonly string[];
}

/**
 * Everything that is needed to load, train and run one kind of detector: a {@link LoadableFamily} and its training
 * recipe. It is passed as a value; nothing is registered.
 */
export interface DetectorDefinition<
  Settings extends DetectorSettings = DetectorSettings,
  Losses = object,
  Output extends object = object,
> extends LoadableFamily<Settings, DetectionModel<Output>> {
  /** The schema of its loss settings, each with a default. */
  readonly losses: z.ZodObject;
  /**
   * The loss of settings that fit `losses`.
   *
   * @param settings - of the model, where the loss depends on them: DETR's has losses of masks only with `masks`
   */
  criterion(losses: Losses, settings?: Settings): Criterion<Output>;
  readonly rateGroups: readonly RateGroup<Settings>[];
  /** What a preset says about its training, by the preset's name: settings as in a configuration file. */
  readonly recipes: Readonly<Record<string, object>>;
}

/** What {@link defineDetector} takes. */
export interface DetectorToDefine<Schema extends z.ZodObject, LossSchema extends z.ZodObject, Output extends object> {
  /** Lower case with dashes. Checkpoints store it, so it must not change. */
  readonly name: string;
  /** As people write it. Default the name. */
  readonly title?: string;
  /** The model's settings, a strict object of zod; objects in it become groups of flags. */
  readonly settings: Schema;
  /** Settings of the losses, each with a default. Default none. */
  readonly losses?: LossSchema;
  /** Builds the model; `settings.numClasses` comes from the data. Impossible settings are a ConfigError. */
  create(settings: OwnSettings<Schema>, options: BuildOptions): DetectionModel<Output>;
  /** The loss of settings that fit `losses`. Training also gives the model's settings. */
  criterion(losses: z.infer<LossSchema>, settings?: OwnSettings<Schema>): Criterion<Output>;
  /** Parameters that learn at a rate of their own, beside the backbone's. Default none. */
  readonly parameterGroups?: readonly RateGroup<OwnSettings<Schema>>[];
  /**
   * Detectors that go by a name: all of the model's settings, and what of the training differs from the defaults, as
   * they stand in a configuration file.
   */
  readonly presets: Readonly<Record<string, z.infer<Schema> & Readonly<Record<string, unknown>>>>;
  /** Key dialects of other programs' checkpoints. Default: none. */
  readonly dialects?: readonly FamilyDialect<OwnSettings<Schema>>[];
  /** Returns what is wrong with settings that fit the schema one by one, but not together. Default: nothing. */
  problems?(settings: OwnSettings<Schema>): readonly SettingProblem[];
}

/** The settings of a schema, with what every detector's settings tell. */
export type OwnSettings<Schema extends z.ZodObject> = DeepReadonly<z.infer<Schema>> & DetectorSettings;

/**
 * Defines a custom detector: `detrkit train --detector module:FILE` takes the file's default export, and
 * `loadDetector` takes it in `detectors`.
 *
 * @throws ConfigError naming a preset that does not fit the schema, or a name that cannot be one
 */
export function defineDetector<
  Schema extends z.ZodObject,
  LossSchema extends z.ZodObject = z.ZodObject<Record<never, never>>,
  Output extends object = DetrOutput,
>(
  given: DetectorToDefine<Schema, LossSchema, Output>,
): DetectorDefinition<OwnSettings<Schema>, z.infer<LossSchema>, Output> {
  const { name, title = name, settings, losses, presets, parameterGroups = [], dialects = [], problems } = given;
  if (!/^[a-z][a-z0-9-]*$/u.test(name)) {
    throw new ConfigError(`defineDetector: name expected lower case letters, digits and dashes, got "${name}"`);
  }
  const models: Record<string, OwnSettings<Schema>> = {};
  const recipes: Record<string, object> = {};
  for (const [preset, all] of Object.entries(presets)) {
    const isOfModel = ([key]: [string, unknown]): boolean => Object.hasOwn(settings.shape, key);
    const entries = Object.entries<unknown>(all);
    const checked = settings.safeParse(Object.fromEntries(entries.filter(isOfModel)));
    if (!checked.success) {
      const [issue] = checked.error.issues;
      throw new ConfigError(
        `defineDetector: preset "${preset}" of ${name}: ${issue?.path.map(String).join(".")}: ${issue?.message}`,
      );
    }
    // How many classes there are is said by the data.
    models[preset] = { ...checked.data, model: name, numClasses: 1 } as unknown as OwnSettings<Schema>;
    recipes[preset] = Object.fromEntries(entries.filter((entry) => !isOfModel(entry)));
  }
  return {
    name,
    title,
    settings,
    losses: losses ?? z.strictObject({}),
    presets: models,
    recipes,
    rateGroups: parameterGroups,
    dialects,
    create: (own, options) => given.create(own, options),
    criterion: (own, model) => given.criterion(own, model),
    problems: (own) => problems?.(own) ?? [],
  };
}
