import {
  type FlagDefinition,
  numberFlag,
  numberOption,
  type ParsedFlags,
  switchFlag,
  switchOption,
  textFlag,
  textOption,
  wordsFlag,
} from "../cli/parse-flags.ts";
import { drawnFrom } from "../drawing/draw-boxes.ts";
import type { PictureType } from "../drawing/picture.ts";
import { type SaveForm, saveForms } from "../inference/save-predictions.ts";
import { thresholdOfRun } from "../report/run-threshold.ts";
import { settingsOfRun } from "../configuration/settings-of-run.ts";
import { UsageError } from "../usage-error.ts";
import { backendFlag, checkpointFlag, checkpointOf, detectorFlag } from "./shared-flags.ts";

const defaultOutput = "predictions";

/** From which score on a command shows detections. */
export const thresholdFlag: FlagDefinition = numberOption(
  "threshold",
  `Leave out detections with a lower score; default that of the run's best F1, else ${drawnFrom}`,
);

/** The threshold that was asked for, else what suits the checkpoint. @throws UsageError where it is no score */
export async function thresholdOf(flags: ParsedFlags, checkpoint: string): Promise<number> {
  return scoreFlag(flags, "threshold") ?? (await thresholdOfRun(checkpoint)) ?? drawnFrom;
}

function scoreFlag(flags: ParsedFlags, name: string): number | undefined {
  const score = numberFlag(flags, name);
  if (score === undefined || (score >= 0 && score <= 1)) return score;
  throw new UsageError(`--${name} takes a number from 0 to 1, got ${score}`);
}

/** The kind of the pictures that a command draws. */
export const pictureTypeFlag: FlagDefinition = {
  name: "picture-type",
  kind: "text",
  choices: ["jpeg", "png"],
  description: "Kind of the pictures; default jpeg. png keeps every pixel and takes ten times as long",
};

/** The kind that was asked for. */
export function pictureTypeOf(flags: ParsedFlags): PictureType {
  return textFlag(flags, "picture-type") === "png" ? "png" : "jpeg";
}

/** The flags of `detrkit predict`. */
export const predictFlags: readonly FlagDefinition[] = [
  checkpointFlag,
  detectorFlag,
  thresholdFlag,
  textOption("output", "DIR", `Folder for pictures and saved files; default ${defaultOutput}`),
  switchOption("pictures", "Draw pictures (the default); --no-pictures leaves them away"),
  pictureTypeFlag,
  numberOption("picture-size", "Pixels of a picture's longer side; default: the image's own size"),
  switchOption("masks", "Masks, of a model that has them (the default); --no-masks leaves them away, and is faster"),
  switchOption("panoptic", "Also give every pixel to a segment: COCO's panoptic files, and pictures with a legend"),
  numberOption(
    "panoptic-threshold",
    "Segments come from predictions with a higher score; default that of the run's evaluations, else the detector's",
  ),
  textOption("json", "FILE", "Write the JSON to this file instead of stdout; one that ends in .jsonl gets lines"),
  switchOption("json-lines", "Write a line of JSON for each image, as soon as it is known"),
  {
    name: "save",
    kind: "words",
    choices: saveForms,
    description: "Also save boxes and masks in these forms, which other programs and --data read",
  },
  textOption(
    "annotations",
    "FILE",
    "COCO annotations whose ids of images and classes --save coco and --panoptic write",
  ),
  backendFlag,
];

/** What was asked of `predict`. */
export interface PredictSettings {
  readonly checkpoint: string;
  readonly threshold: number;
  readonly output: string;
  readonly pictures: boolean;
  readonly pictureType: PictureType;
  readonly pictureSize: number | undefined;
  readonly masks: boolean;
  /** Where segments are wanted: the score above which predictions become some, where somebody said one. */
  readonly panoptic: { readonly threshold: number | undefined } | undefined;
  readonly json: string | undefined;
  readonly lines: boolean;
  readonly save: readonly SaveForm[];
  readonly annotations: string | undefined;
}

/** Reads the flags. @throws UsageError where one is missing or out of range */
export async function predictSettings(flags: ParsedFlags): Promise<PredictSettings> {
  const checkpoint = checkpointOf(flags, "predict");
  if (flags.positionals.length === 0)
    throw new UsageError("predict needs images: detrkit predict --checkpoint runs/mine photo.jpg");
  const threshold = await thresholdOf(flags, checkpoint);
  const pictureSize = numberFlag(flags, "picture-size");
  if (pictureSize !== undefined && !(Number.isInteger(pictureSize) && pictureSize >= 1 && pictureSize <= 16_384))
    throw new UsageError(`--picture-size takes a whole number of pixels from 1 to 16384, got ${pictureSize}`);
  const save = wordsFlag(flags, "save") as readonly SaveForm[];
  const annotations = textFlag(flags, "annotations");
  const segmentThreshold = scoreFlag(flags, "panoptic-threshold");
  const panoptic = switchFlag(flags, "panoptic")
    ? { threshold: segmentThreshold ?? (await settingsOfRun(checkpoint))?.evaluation.panopticThreshold }
    : undefined;
  if (segmentThreshold !== undefined && panoptic === undefined)
    throw new UsageError("--panoptic-threshold is for --panoptic; write both, or leave it away");
  if (annotations !== undefined && !save.includes("coco") && panoptic === undefined)
    throw new UsageError(
      "--annotations gives --save coco and --panoptic their ids; write one of them, or leave it away",
    );
  const json = textFlag(flags, "json");
  return {
    checkpoint,
    threshold,
    output: textFlag(flags, "output") ?? defaultOutput,
    pictures: flags.values.get("pictures") !== false,
    pictureType: pictureTypeOf(flags),
    pictureSize,
    masks: flags.values.get("masks") !== false,
    panoptic,
    json,
    lines: switchFlag(flags, "json-lines") || json?.toLowerCase().endsWith(".jsonl") === true,
    save,
    annotations,
  };
}
