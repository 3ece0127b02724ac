import type { Dialect, TensorData } from "@detrkit/checkpoint/browser";
import { CheckpointError } from "@detrkit/common";
import {
  deformableDetrFamily,
  type DetectionModel,
  type DetectorFamily,
  type DetectorSettings,
  detrFamily,
} from "@detrkit/detr";
import type { FamilyWriter } from "./convert/family-writer.ts";
import { deformableDetrDialect, detrDialect } from "./original-state-dict.ts";

/** Settings that tensors do not show, from the training's command line if the file holds it. */
export interface UnseenSettings {
  /** Attention heads of every layer. */
  readonly heads?: number | undefined;
  /** Whether the last stage keeps its resolution (DC5). */
  readonly dilateLastStage?: boolean | undefined;
  /** Queries of a two-stage model, which has no embedding of them. */
  readonly numQueries?: number | undefined;
}

/**
 * The format in which another program writes a family: the names of its tensors, and the settings that follow from
 * their shapes.
 */
export interface FamilyDialect<Settings extends DetectorSettings = DetectorSettings> {
  readonly dialect: Dialect;
  /**
   * The settings of the model that a state dict holds; undefined if it is of another program or family.
   *
   * @param source - the file, for errors
   */
  recognise(stateDict: ReadonlyMap<string, TensorData>, source: string, unseen: UnseenSettings): Settings | undefined;
  /** How such a file is written, and one of Transformers. Default: it can't be. */
  readonly writer?: FamilyWriter<Settings>;
}

/** A family whose detectors may come in the formats of other programs. */
export interface LoadableFamily<
  Settings extends DetectorSettings = DetectorSettings,
  Model extends DetectionModel<object> = DetectionModel<object>,
> extends DetectorFamily<Settings, Model> {
  readonly dialects?: readonly FamilyDialect<Settings>[];
}

/** The families that detrkit has, with the formats in which their authors publish them. */
export const ownFamilies: readonly LoadableFamily[] = [
  { ...deformableDetrFamily, dialects: [deformableDetrDialect] },
  { ...detrFamily, dialects: [detrDialect] },
];

/**
 * The family whose detectors have this name.
 *
 * @throws CheckpointError naming those that are known
 */
export function familyNamed<Family extends DetectorFamily>(
  name: unknown,
  families: readonly Family[],
  source: string,
): Family {
  const found = families.find((family) => family.name === name);
  if (found !== undefined) return found;
  throw new CheckpointError(
    `${source}: is a checkpoint of the model ${JSON.stringify(name)}, which is none of ` +
      `${families.map((family) => family.name).join(", ")}; ` +
      "give the definition it was trained with: loadDetector(path, { detectors: [definition] }), " +
      "or --detector module:FILE on the command line",
  );
}

/** Recognises family and settings of a state dict by its tensors. */
export function recogniseStateDict(
  stateDict: ReadonlyMap<string, TensorData>,
  path: string,
  families: readonly LoadableFamily[],
  unseen: UnseenSettings,
): { readonly family: LoadableFamily; readonly dialect: Dialect; readonly settings: DetectorSettings } {
  for (const family of families) {
    for (const { dialect, recognise } of family.dialects ?? []) {
      const settings = recognise(stateDict, path, unseen);
      if (settings !== undefined) return { family, dialect, settings };
    }
  }
  const known = families.flatMap(({ dialects = [] }) => dialects.map(({ dialect: { name } }) => name));
  throw new CheckpointError(
    `${path}: is no state dict of ${known.join(" or ")}; its first keys are ` +
      [...stateDict.keys()].slice(0, 5).join(", "),
  );
}
