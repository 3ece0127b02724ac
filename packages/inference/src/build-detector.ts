import {
  type CheckpointFile,
  huggingFaceToOriginal,
  importStateDict,
  isHuggingFace,
  loadParameters,
  type TensorData,
} from "@detrkit/checkpoint/browser";
import { CheckpointError } from "@detrkit/common";
import {
  type Category,
  type DetectionModel,
  type DetectorConfig,
  type DetectorFamily,
  type PresetName,
  randomFor,
} from "@detrkit/detr";
import { type AnyTransformKind, detrEvaluation } from "@detrkit/image/pixels";
import { expectFitting } from "./check-description.ts";
import { cocoCategories } from "./coco-classes.ts";
import { cocoPanopticCategories } from "./coco-panoptic-classes.ts";
import { type DetectorDescription, descriptionOf, withStuff } from "./description.ts";
import { Detector, type DetectorParts } from "./detector.ts";
import { familyNamed, type LoadableFamily, ownFamilies, recogniseStateDict } from "./families.ts";
import type { HuggingFaceConfig } from "./hugging-face-config.ts";

/** What can't be read from a file of weights. */
export interface DetectorOptions {
  /**
   * Of a file of the authors' code, where its tensors do not tell all (DC5, other heads than 8): a preset's name, or
   * all settings.
   */
  readonly config?: PresetName | DetectorConfig;
  /** Definitions of detectors that detrkit does not have, for checkpoints of these. */
  readonly detectors?: readonly LoadableFamily[];
  /** Class names by label, of a file that does not hold them. Default: COCO's where the model has COCO's 91 labels. */
  readonly classes?: readonly string[];
  /** Your own transforms (see `defineTransform`) that the images of a checkpoint go through. */
  readonly transformKinds?: readonly AnyTransformKind[];
}

/** How the detector that is built reads images that are no pixels yet. */
type Decode = NonNullable<DetectorParts["decode"]>;

/** The detector of a checkpoint of detrkit's, which stays open. @throws CheckpointError */
export async function detectorOfCheckpoint(
  file: CheckpointFile,
  source: string,
  { detectors, transformKinds }: DetectorOptions,
  decode: Decode,
): Promise<Detector> {
  const description = descriptionOf(file.metadata, source, transformKinds);
  const family = familyNamed(description.detector.model, knownFamilies(detectors), source);
  expectFitting(family, description.detector, file.held, source);
  return await filled(family, description, decode, async (model) => void (await file.loadModel(model)));
}

/** The detector of another program's tensors. @throws CheckpointError */
export async function detectorOfStateDict(
  given: ReadonlyMap<string, TensorData>,
  path: string,
  {
    config,
    classes,
    stuff,
    detectors,
    unseen = {},
    transforms = detrEvaluation,
  }: DetectorOptions & Partial<HuggingFaceConfig>,
  decode: Decode,
): Promise<Detector> {
  const stateDict = isHuggingFace(given.keys()) ? huggingFaceToOriginal(given) : given;
  const { family, dialect, settings } = recogniseStateDict(stateDict, path, knownFamilies(detectors), unseen);
  const detector = (typeof config === "string" ? family.presets[config] : config) ?? settings;
  const { tensors, unknown } = importStateDict(stateDict, { dialect });
  if (unknown.length > 0) {
    throw new CheckpointError(
      `${path}: ${unknown.length} keys have no place in a detector of ${dialect.name}, "${unknown[0]}" first`,
    );
  }
  const categories = withStuff(categoriesOf(detector.numClasses, classes, path), stuff);
  const description = { detector, categories, transforms };
  return await filled(family, description, decode, async (model) => {
    loadParameters(model, withoutAdditions(tensors, model, family), path);
  });
}

/** The tensors without those of parts, such as a mask head, that settings of your own leave out. */
function withoutAdditions(
  tensors: ReadonlyMap<string, TensorData>,
  model: DetectionModel<object>,
  { additions = [] }: DetectorFamily,
): ReadonlyMap<string, TensorData> {
  const paths = [...model.parameters().keys()];
  const left = additions.filter((addition) => !paths.some((path) => path.startsWith(addition)));
  return new Map([...tensors].filter(([path]) => !left.some((addition) => path.startsWith(addition))));
}

/** Custom families, then those that detrkit has. */
export function knownFamilies(own: readonly LoadableFamily[] = []): readonly LoadableFamily[] {
  return [...own, ...ownFamilies];
}

/** Builds the model that is described, and frees it where its weights do not fit. */
async function filled(
  family: DetectorFamily,
  description: Required<DetectorDescription>,
  decode: Decode,
  fill: (model: DetectionModel<object>) => Promise<void>,
): Promise<Detector> {
  const model = family.create(description.detector, { random: randomFor({ initialize: false }) });
  try {
    await fill(model);
    // Whoever reads its outputs directly knows the family, and so their type.
    return new Detector({ model, description, decode }) as unknown as Detector;
  } catch (error) {
    model.dispose();
    throw error;
  }
}

function categoriesOf(numClasses: number, classes: readonly string[] | undefined, path: string): readonly Category[] {
  if (classes === undefined) {
    const coco = [cocoCategories, cocoPanopticCategories].find(({ length }) => length === numClasses);
    if (coco !== undefined) return coco;
    return Array.from({ length: numClasses }, (_, id) => ({ id, name: `class ${id}` }));
  }
  if (classes.length === numClasses) return classes.map((name, id) => ({ id, name, ...kindInCoco(name, numClasses) }));
  throw new CheckpointError(
    `${path}: the model has ${numClasses} labels, "classes" has ${classes.length} names; give one for each label, ` +
      "unused ones included",
  );
}

/** Stuff of COCO, in a model with the labels of the published panoptic ones. */
function kindInCoco(name: string, numClasses: number): Pick<Category, "isThing"> {
  if (numClasses !== cocoPanopticCategories.length) return {};
  return cocoPanopticCategories.some((stuff) => stuff.isThing === false && stuff.name === name)
    ? { isThing: false }
    : {};
}
