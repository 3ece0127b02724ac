import type { Dialect } from "@detrkit/checkpoint/browser";
import type { DetectorSettings } from "@detrkit/detr";

/** A JSON object. */
export type Json = Readonly<Record<string, unknown>>;

/** How the detectors of a family are written for other programs. Settings that they can't express are problems. */
export interface FamilyWriter<Settings extends DetectorSettings = DetectorSettings> {
  /** The names of the authors' code. */
  dialectOf(settings: Settings): Dialect;
  /** `SETTING VALUE: what they have instead`, of settings that the authors' code can't express. */
  problemsForOriginal(settings: Settings): readonly string[];
  /** The same of Transformers. */
  problemsForHuggingFace(settings: Settings): readonly string[];
  /** What `config.json` of Transformers says of the model, but for its classes. */
  huggingFaceConfig(settings: Settings): Json;
}
