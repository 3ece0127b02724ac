import {
  importStateDict,
  isCheckpoint,
  isPth,
  huggingFaceToOriginal,
  isHuggingFace,
  isTorchvisionResNet,
  openCheckpoint,
  type TensorData,
  torchvisionPrefix,
  torchvisionResNet,
} from "@detrkit/checkpoint";
import { CheckpointError } from "@detrkit/common";
import { knownFamilies } from "./build-detector.ts";
import { expectFitting } from "./check-description.ts";
import { cocoCategories } from "./coco-classes.ts";
import { cocoPanopticCategories } from "./coco-panoptic-classes.ts";
import type { DetectorDescription } from "./description.ts";
import { familyNamed, type LoadableFamily, recogniseStateDict } from "./families.ts";
import { torchvisionSettings } from "./original-state-dict.ts";
import { type ForeignWeights, readForeignWeights, weightsFile } from "./weights-file.ts";

/** Tensors that a model may start from, and what their file says of the model that they come from. */
export interface Weights {
  /** The file. */
  readonly source: string;
  /** Whose they are, for messages: `detrkit`, `facebookresearch/detr`, `torchvision's ResNet`. */
  readonly format: string;
  /** Undefined for weights of a backbone alone. */
  readonly family: LoadableFamily | undefined;
  /** The settings of the model that they come from; of a backbone alone only those of `backbone`. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Names of their classes by label; undefined where the file does not tell them. */
  readonly classes: readonly string[] | undefined;
  /** By path, as detrkit's model lays them out. */
  readonly tensors: ReadonlyMap<string, TensorData>;
  /** Keys of the file that have no place in such a model. */
  readonly unknown: readonly string[];
}

/** Settings of {@link readWeights}. */
export interface ReadWeightsOptions {
  /** Definitions of detectors that detrkit does not have. */
  readonly detectors?: readonly LoadableFamily[];
  /** Told how far a download is. */
  readonly onProgress?: (line: string) => void;
}

/**
 * Reads weights to start a training from: all that `loadDetector` takes, and a ResNet of torchvision (`.pth` or
 * safetensors) for the backbone alone. No model is built.
 *
 * @throws CheckpointError naming the file where it is missing, damaged or none of these
 */
export async function readWeights(path: string, options: ReadWeightsOptions = {}): Promise<Weights> {
  const file = await weightsFile(path, options.onProgress);
  const [first] = file.paths;
  if (file.beside === undefined && !(await isPth(first)) && (await isCheckpoint(first)))
    return await weightsOfCheckpoint(first, options);
  const { stateDict, ...beside } = await readForeignWeights(file);
  const source = file.beside === undefined ? first : path;
  if (isTorchvisionResNet(stateDict.keys())) return backboneWeights(stateDict, source);
  return detectorWeights(stateDict, source, { ...options, ...beside });
}

async function weightsOfCheckpoint(source: string, { detectors }: ReadWeightsOptions): Promise<Weights> {
  const file = await openCheckpoint(source);
  try {
    const { detector } = (file.metadata.config ?? {}) as Partial<DetectorDescription>;
    if (typeof detector !== "object" || detector === null)
      throw new CheckpointError(`${source}: does not describe the model that its weights belong to`);
    const family = familyNamed(detector.model, knownFamilies(detectors), source);
    expectFitting(family, detector, file.held, source);
    const { model: _, numClasses: __, ...settings } = detector;
    const { classes } = file.metadata;
    return { source, format: "detrkit", family, settings, classes, tensors: await file.readModel(), unknown: [] };
  } finally {
    await file.close();
  }
}

function backboneWeights(given: ReadonlyMap<string, TensorData>, source: string): Weights {
  const { tensors, unknown } = importStateDict(given, { dialect: torchvisionResNet, keyPrefix: torchvisionPrefix });
  const named = new Map([...given].map(([key, data]) => [`${torchvisionPrefix}${key.replace(/^module\./, "")}`, data]));
  return {
    source,
    format: torchvisionResNet.name,
    family: undefined,
    settings: { backbone: torchvisionSettings(named, source) },
    classes: undefined,
    tensors,
    unknown,
  };
}

function detectorWeights(
  given: ReadonlyMap<string, TensorData>,
  source: string,
  options: ReadWeightsOptions & Omit<ForeignWeights, "stateDict">,
): Weights {
  const theirs = isHuggingFace(given.keys());
  const stateDict = theirs ? huggingFaceToOriginal(given) : given;
  const found = recogniseStateDict(stateDict, source, knownFamilies(options.detectors), options.unseen ?? {});
  const { model: _, numClasses, ...settings } = found.settings;
  const { tensors, unknown } = importStateDict(stateDict, { dialect: found.dialect });
  const coco = [cocoCategories, cocoPanopticCategories].find(({ length }) => length === numClasses);
  return {
    source,
    format: theirs ? "Hugging Face" : found.dialect.name,
    family: found.family,
    settings,
    classes: options.classes?.length === numClasses ? options.classes : coco?.map(({ name }) => name),
    tensors,
    unknown,
  };
}
