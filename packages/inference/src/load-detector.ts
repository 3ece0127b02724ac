import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { startBackend } from "@detrkit/backend";
import {
  huggingFaceToOriginal,
  importStateDict,
  isCheckpoint,
  isHuggingFace,
  isPth,
  loadParameters,
  openCheckpoint,
  readPth,
  readSafetensors,
  type TensorData,
} from "@detrkit/checkpoint";
import { CheckpointError } from "@detrkit/common";
import {
  type Category,
  type DetectionModel,
  type DetectorConfig,
  type DetectorFamily,
  type PresetName,
  randomFor,
} from "@detrkit/detr";
import { decodeImage } from "@detrkit/image";
import { type AnyTransformKind, detrEvaluation } from "@detrkit/image/pixels";
import { getBackend } from "@tensorflow/tfjs-core";
import { expectFitting } from "./check-description.ts";
import { cocoCategories } from "./coco-classes.ts";
import { type DetectorDescription, descriptionOf } from "./description.ts";
import { Detector } from "./detector.ts";
import { familyNamed, type LoadableFamily, ownFamilies, recogniseStateDict } from "./families.ts";
import { type HuggingFaceFolder, isHuggingFaceFolder, readHuggingFaceFolder } from "./hugging-face-folder.ts";
import { besideTheDetector, settingsOf } from "./original-state-dict.ts";

/** Settings of {@link loadDetector}: what it can't read from a file. */
export interface LoadDetectorOptions {
  /**
   * For a file of the authors' code whose tensors do not show all settings (DC5, another number of heads than 8): a
   * preset's name, or all settings.
   */
  readonly config?: PresetName | DetectorConfig;
  /** Definitions of detectors that detrkit does not have, to load their checkpoints. */
  readonly detectors?: readonly LoadableFamily[];
  /** Class names by label, for a file that does not hold them. Default: COCO's, if the model has COCO's 91 labels. */
  readonly classes?: readonly string[];
  /** Your own transforms (see `defineTransform`) that a checkpoint's images go through. */
  readonly transformKinds?: readonly AnyTransformKind[];
  /** Called with each step while the native backend is built, the first time on a machine. */
  readonly onProgress?: (line: string) => void;
}

/**
 * Loads a detector: a run folder of `detrkit train` (its best checkpoint, else its last), a checkpoint, a `.pth` or
 * `.safetensors` state dict of facebookresearch/detr or fundamentalvision/Deformable-DETR, or a folder of Hugging
 * Face's Transformers with either model. If no tfjs backend was set, the fastest available one is started.
 *
 * @throws CheckpointError naming the file if it is missing, damaged or none of these
 */
export async function loadDetector(path: string, options: LoadDetectorOptions = {}): Promise<Detector> {
  const folder = isHuggingFaceFolder(path) ? await readHuggingFaceFolder(path) : undefined;
  const file = folder?.weights ?? checkpointFile(path);
  const families = [...(options.detectors ?? []), ...ownFamilies];
  // tfjs's types claim that there is always one.
  if (!(getBackend() as string | undefined)) await startBackend({ onProgress: options.onProgress });
  if (await isPth(file)) {
    const { stateDict, content } = await readPth(file);
    return await detectorOfStateDict(stateDict, file, families, { unseen: settingsOf(content), ...folder, ...options });
  }
  if (folder === undefined && (await isCheckpoint(file)))
    return await detectorOfCheckpoint(file, families, options.transformKinds);
  const { tensors } = await readSafetensors(file);
  return await detectorOfStateDict(tensors, file, families, { ...folder, ...options });
}

/** The file for a path: the path itself, or the best (else the last) checkpoint of a run folder. */
export function checkpointFile(path: string): string {
  if (!existsSync(path))
    throw new CheckpointError(
      `${path} does not exist; expected a run folder, a .safetensors or .pth file, or a folder of Hugging Face`,
    );
  if (!statSync(path).isDirectory()) return path;
  const names = ["checkpoint-best.safetensors", "checkpoint-last.safetensors"];
  const found = names.map((name) => join(path, name)).find((file) => existsSync(file));
  if (found === undefined)
    throw new CheckpointError(`${path} holds no checkpoint yet; expected ${names.join(" or ")} in it`);
  return found;
}

async function detectorOfCheckpoint(
  path: string,
  families: readonly LoadableFamily[],
  transformKinds?: readonly AnyTransformKind[],
): Promise<Detector> {
  const file = await openCheckpoint(path);
  try {
    const description = descriptionOf(file.metadata, path, transformKinds);
    const family = familyNamed(description.detector.model, families, path);
    expectFitting(family, description.detector, file.held, path);
    return await filled(family, description, async (model) => void (await file.loadModel(model)));
  } finally {
    await file.close();
  }
}

async function detectorOfStateDict(
  given: ReadonlyMap<string, TensorData>,
  path: string,
  families: readonly LoadableFamily[],
  { config, classes, unseen = {}, transforms = detrEvaluation }: LoadDetectorOptions & Partial<HuggingFaceFolder>,
): Promise<Detector> {
  const stateDict = isHuggingFace(given.keys()) ? huggingFaceToOriginal(given) : given;
  const { family, dialect, settings } = recogniseStateDict(stateDict, path, families, unseen);
  const detector = (typeof config === "string" ? family.presets[config] : config) ?? settings;
  const { tensors, unknown } = importStateDict(stateDict, { dialect });
  const foreign = unknown.filter((key) => !besideTheDetector.test(key));
  if (foreign.length > 0) {
    throw new CheckpointError(
      `${path}: ${foreign.length} keys have no place in a detector of ${dialect.name}, "${foreign[0]}" first`,
    );
  }
  const categories = categoriesOf(detector.numClasses, classes, path);
  const description = { detector, categories, transforms };
  return await filled(family, description, async (model) => void loadParameters(model, tensors, path));
}

/** Builds the described model, and frees it if its weights do not fit. */
async function filled(
  family: DetectorFamily,
  description: Required<DetectorDescription>,
  fill: (model: DetectionModel<object>) => Promise<void>,
): Promise<Detector> {
  const model = family.create(description.detector, { random: randomFor({ initialize: false }) });
  try {
    await fill(model);
    // Code that reads its outputs directly knows the family, and so their type.
    return new Detector({ model, description, decode: (image) => decodeImage(image) }) as unknown as Detector;
  } catch (error) {
    model.dispose();
    throw error;
  }
}

function categoriesOf(numClasses: number, classes: readonly string[] | undefined, path: string): readonly Category[] {
  if (classes === undefined) {
    if (numClasses === cocoCategories.length) return cocoCategories;
    return Array.from({ length: numClasses }, (_, id) => ({ id, name: `class ${id}` }));
  }
  if (classes.length === numClasses) return classes.map((name, id) => ({ id, name }));
  throw new CheckpointError(
    `${path}: the model has ${numClasses} labels, "classes" has ${classes.length} names; give one for each label, ` +
      "unused ones included",
  );
}
