import { ConfigError, DataError } from "@detrkit/common";
import {
  type Dataset,
  describeData,
  describeProblem,
  emptySplit,
  type FindingKind,
  isRefused,
  listProblems,
  listSplits,
  openDataset,
  sharedImages,
  shareOut,
} from "@detrkit/datasets";
import type { TrainingData } from "@detrkit/training";
import { hasMasks, type RunConfig } from "../configuration/resolve-config.ts";
import type { RunSettings } from "../configuration/run-settings.ts";

/** A run of the program is always measured. */
export type RunData = Required<TrainingData>;

/** What decides which data is opened, and whether its masks are wanted: where the model has some. */
type DataSettings = RunSettings & Pick<RunConfig, "model">;

/** A split of data, and what it is opened for. */
interface SplitRequest {
  readonly data: string;
  readonly split: string;
  /** The flag that chose the split, for errors. */
  readonly flag: string;
  /** In label order, where a model decides it. */
  readonly classes?: readonly string[] | undefined;
  readonly masks: boolean;
}

async function openSplit({ data: spec, split, flag, classes, masks }: SplitRequest): Promise<Dataset> {
  const splits = await listSplits(spec);
  // Of data that has none at all the reader knows better what is missing.
  if (splits.length > 0 && !splits.includes(split)) {
    const others = flag === "split" ? "" : ", or give other images with --validation.data";
    throw new ConfigError(
      `${spec} has no split "${split}", it has ${splits.join(", ")}: choose one with --${flag}${others}`,
    );
  }
  return await openDataset(spec, { split, classes, masks });
}

/** Whether validation comes out of the training images: no split was named, and the data has none of that name. */
async function isSharedOut({ data, validation }: RunSettings): Promise<boolean> {
  const { share, split } = validation;
  return share > 0 && validation.data === "" && split === "val" && !(await listSplits(data)).includes(split);
}

/** The training images, and the two parts of them that training and validation get. */
async function shareTraining(
  settings: DataSettings,
  classes?: readonly string[],
): Promise<{
  readonly whole: Dataset;
  readonly parts: RunData;
}> {
  const { seed, validation } = settings;
  const whole = await openTrainingSplit(settings, classes);
  return { whole, parts: await shareOut(whole, { share: validation.share, seed }) };
}

async function openTrainingSplit({ data, split, model }: DataSettings, classes?: readonly string[]): Promise<Dataset> {
  return await openSplit({ data, split, flag: "split", classes, masks: hasMasks(model) });
}

async function openOwnValidation(settings: DataSettings, classes: readonly string[]): Promise<Dataset> {
  const { data, split } = settings.validation;
  const flag = "validation.split";
  return await openSplit({
    data: data === "" ? settings.data : data,
    split,
    flag,
    classes,
    masks: hasMasks(settings.model),
  });
}

/** The first so many images with objects: of the others there is nothing to learn by heart. */
function firstImages(dataset: Dataset, count: number): Dataset {
  const records = dataset.records.filter(({ labels }) => labels.length > 0).slice(0, count);
  return { ...dataset, length: records.length, records };
}

/** What `--overfit` trains on and measures: a few training images. */
async function openOverfit(settings: DataSettings, classes?: readonly string[]): Promise<RunData> {
  const few = firstImages(await openTrainingSplit(settings, classes), settings.overfit);
  return { training: few, validation: few };
}

async function openParts(config: DataSettings, sharedOut: boolean, say: (line: string) => void): Promise<RunData> {
  if (config.overfit > 0) return await openOverfit(config);
  if (sharedOut) {
    const { whole, parts } = await shareTraining(config);
    say(
      `no split "val": ${parts.validation.length} of the ${whole.length} images are kept for validation ` +
        `(--validation.share ${config.validation.share}, drawn by --seed ${config.seed}, alike in classes)`,
    );
    return parts;
  }
  const training = await openTrainingSplit(config);
  return { training, validation: await openOwnValidation(config, training.classes) };
}

/** The images that a run is measured with, for a model of these classes: the same that training kept for it. */
export async function openValidationData(config: DataSettings, classes: readonly string[]): Promise<Dataset> {
  if (config.overfit > 0) return (await openOverfit(config, classes)).validation;
  if (await isSharedOut(config)) return (await shareTraining(config, classes)).parts.validation;
  return await openOwnValidation(config, classes);
}

/** What nothing stops for, and is still not what somebody would expect. */
const worthSaying: readonly FindingKind[] = [
  "image-without-labels",
  "labels-without-image",
  "unlisted-image",
  "alike-classes",
  // Only of data that is opened with masks.
  "object-without-mask",
  "unreadable-mask",
  "mask-size-mismatch",
  "short-polygon",
];

/** In one line how many images and annotations have no part in the run. */
function sayLeftOut(datasets: readonly Dataset[], say: (line: string) => void): void {
  const problems = datasets.flatMap((dataset) => dataset.problems);
  const counts = worthSaying.flatMap((kind) => {
    const places = new Map(problems.filter((problem) => problem.kind === kind).map((it) => [describeProblem(it), it]));
    const [first] = places.values();
    return first === undefined ? [] : [`${places.size} × ${kind} (${describeProblem(first)})`];
  });
  if (counts.length > 0) say(`note: ${counts.join("; ")}; detrkit check-data lists them`);
}

async function warnOfShared({ training, validation }: RunData, say: (line: string) => void): Promise<void> {
  const shared = await sharedImages([
    { ...training, split: "training" },
    { ...validation, split: "validation" },
  ]);
  if (shared.length === 0) return;
  say(
    `warning: ${shared.length} of ${validation.length} validation images are trained on, so AP will be too high:` +
      listProblems(shared, 3),
  );
}

/** Reads both parts of a run's data and says how many images they have and what was left out. */
export async function openTrainingData(config: DataSettings, say: (line: string) => void): Promise<RunData> {
  for (const data of new Set([config.data, config.validation.data])) {
    const found = data === "" ? undefined : describeData(data);
    if (found !== undefined) say(found);
  }
  const sharedOut = config.overfit === 0 && (await isSharedOut(config));
  const { training, validation } = await openParts(config, sharedOut, say);
  say(
    `data: ${training.length} training and ${validation.length} validation images, ` +
      `classes ${training.classes.join(", ")}`,
  );
  if (config.overfit > 0) say("--overfit: trained and measured on the same images, without random changes to them");
  for (const dataset of new Set([training, validation])) reportProblems(dataset, config, say);
  // After the defects: where all boxes are bad, those are what is to be mended.
  const [empty] = emptySplit({ ...training, split: "train" });
  if (empty !== undefined) throw new DataError(`${describeProblem(empty)}; there is nothing to learn`);
  sayLeftOut([...new Set([training, validation])], say);
  // Parts of one split have no image in common: sharing it out looked at their bytes already.
  if (!sharedOut && config.overfit === 0) await warnOfShared({ training, validation }, say);
  return { training, validation };
}

function reportProblems(dataset: Dataset, { badData }: RunSettings, say: (line: string) => void): void {
  // Opening the data refused what is refused in any case: here are the boxes for which `badData` is.
  const wrong = dataset.problems.filter(({ kind }) => isRefused(kind, "stop"));
  if (wrong.length === 0) return;
  const places = listProblems(wrong, 3);
  if (badData === "stop") {
    throw new DataError(
      `${dataset.spec}, split ${dataset.split}: ${wrong.length} defects:${places}\n` +
        "Mend them, or leave them out with --bad-data drop.",
    );
  }
  const objects = wrong.length === 1 ? "1 bad object is" : `${wrong.length} bad objects are`;
  say(`${dataset.spec}, split ${dataset.split}: ${objects} left out (--bad-data drop):${places}`);
}
