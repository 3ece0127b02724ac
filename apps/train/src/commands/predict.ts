import { dirname, join } from "node:path";
import { DetrkitError } from "@detrkit/common";
import { makeFolder, writeFileAtomic } from "@detrkit/common/files";
import { decodeImage } from "@detrkit/image";
import { type Detector, loadDetector } from "@detrkit/inference";
import type { Command, CommandStreams, ExitCode } from "../cli/command.ts";
import { type ParsedFlags, textFlag } from "../cli/parse-flags.ts";
import { npmWroteBanner } from "../cli/typed-command.ts";
import { furtherDefinitions } from "../configuration/definitions.ts";
import { drawPredictions, pictureExtension, type PredictionPicture } from "../drawing/picture.ts";
import { readCocoIds } from "../inference/coco-ids.ts";
import { type InputImage, type InputImages, inputImages } from "../inference/image-files.ts";
import { keepApart } from "../inference/keep-apart.ts";
import { interruptible } from "../cli/interruption.ts";
import type { ImagePrediction } from "../inference/prediction.ts";
import { predictionOutput } from "../inference/prediction-output.ts";
import { expectLabelFiles, filesOf, mainFile, type SavedImage } from "../inference/save-predictions.ts";
import { lineWriter } from "../text.ts";
import { expectMasks, panopticFolders, PanopticPredictions } from "./predict-panoptic.ts";
import { predictFlags, predictSettings, type PredictSettings } from "./predict-flags.ts";
import { backendOf, useBackend } from "./shared-flags.ts";

const interruptionTexts = {
  stopping: "stopping after this image, and writing what was found; a second Ctrl-C stops at once",
  stopped: "stopped at once",
};

/** `detrkit predict`. */
export const predictCommand: Command = {
  description: {
    name: "predict",
    summary: "Find objects in images: annotated pictures in a folder, and JSON on stdout.",
    usage: "--checkpoint RUN FILE|FOLDER…",
    takesPaths: true,
    flags: predictFlags,
    notes: [
      [
        "One image gives a list of detections, with boxes in pixels of the image:",
        '[{ "label", "labelId", "score", "box": { "xmin", "ymin", "xmax", "ymax" } }]; of a model with masks also',
        '"mask": { "size": [height, width], "counts" }, compressed run lengths as COCO\'s files have them.',
        'Several images, or a folder, give a list of { "image", "picture", "width", "height", "detections" };',
        "with --json-lines each of these is a line, written as soon as it is known.",
      ].join("\n"),
      [
        "Into the output folder --save yolo writes yolo (labels, data.yaml), --save coco writes coco",
        "(annotations.json, and results.json for `detrkit evaluate --results`), --save csv predictions.csv;",
        "--data reads all of them. Of a model with masks coco has run lengths, yolo a polygon for each object; csv has",
        "no place for them.",
      ].join("\n"),
      [
        "--panoptic writes panoptic.json and panoptic/NAME.png, as COCO's panoptic files are, and pictures into",
        "panoptic-pictures. It runs the model once more for each image.",
      ].join("\n"),
      "An image that cannot be read is named on stderr; the others are done all the same, and the exit code is 2.",
      "Ctrl-C ends with the image that is worked on; what was found until then is written.",
    ],
    examples: [
      "detrkit predict --checkpoint runs/demo photo.jpg",
      "detrkit predict --checkpoint runs/mine --threshold 0.7 --output found --json found.json photos/",
      "detrkit predict --checkpoint runs/mine --no-pictures --save coco,csv photos/",
    ],
  },
  async run(flags, streams) {
    const settings = await predictSettings(flags);
    const inputs = await inputImages(flags.positionals);
    const pictures = settings.pictures ? inputs.images.map(({ stem }) => pictureOf(stem, settings)) : [];
    if (settings.save.includes("yolo")) expectLabelFiles(inputs.images);
    const writesFolder = pictures.length > 0 || settings.save.length > 0 || settings.panoptic !== undefined;
    await keepApart(inputs, {
      folders: [
        ...(writesFolder ? [settings.output] : []),
        ...pictures.map((picture) => dirname(picture)),
        ...(settings.panoptic !== undefined
          ? inputs.images.flatMap(({ stem }) => panopticFolders(stem, settings))
          : []),
      ],
      files: settings.json === undefined ? [] : [settings.json],
    });
    // Before a model is loaded and hundreds of images are looked at: a folder that cannot be made is found here.
    if (writesFolder) makeFolder(settings.output);
    const say = lineWriter(streams.stderr);
    await useBackend(backendOf(flags), say);
    const detector = await loadDetector(settings.checkpoint, {
      detectors: await furtherDefinitions(textFlag(flags, "detector")),
      onProgress: say,
    });
    if (settings.panoptic !== undefined) expectMasks(detector, settings.checkpoint);
    if (!flags.values.has("threshold")) say(`scores from ${settings.threshold.toFixed(2)} on; --threshold sets it`);
    if (settings.json === undefined && streams.stdout.isTTY !== true && npmWroteBanner())
      say("note: npm wrote its banner before this JSON; `npm run --silent` leaves it away, --json FILE writes a file");
    return await predictAll({ detector, inputs, settings, pictures, streams, say }, flags);
  },
};

const pictureOf = (stem: string, { output, pictureType }: PredictSettings): string =>
  join(output, `${stem}.${pictureExtension(pictureType)}`);

/** What predicting needs once everything was checked. */
interface PredictWork {
  readonly detector: Detector;
  readonly inputs: InputImages;
  readonly settings: PredictSettings;
  /** A path for each image; none where no pictures are wanted. */
  readonly pictures: readonly string[];
  readonly streams: CommandStreams;
  readonly say: (line: string) => void;
}

async function predictAll(work: PredictWork, { positionals }: ParsedFlags): Promise<ExitCode> {
  const { detector, settings, pictures, streams, say } = work;
  const { images } = work.inputs;
  const { categories } = detector.description;
  const cocoIds =
    settings.annotations === undefined
      ? undefined
      : await readCocoIds(
          settings.annotations,
          images.map(({ path }) => path),
          detector.classes,
        );
  const output = predictionOutput({
    file: settings.json,
    lines: settings.lines,
    single: images.length === 1 && images[0]?.path === positionals[0],
    stdout: streams.stdout,
  });
  const panoptic =
    settings.panoptic === undefined
      ? undefined
      : new PanopticPredictions(detector, settings.panoptic.threshold ?? detector.panopticThreshold, settings, cocoIds);
  const interruption = interruptible(say, interruptionTexts);
  const found: SavedImage[] = [];
  let unreadable = 0;
  try {
    for (const [index, { path, stem }] of images.entries()) {
      if (interruption.signal.aborted) break;
      try {
        const prediction = await predictFile(detector, { path, stem, picture: pictures[index] }, settings, panoptic);
        await output.add(prediction);
        found.push({ ...prediction, stem });
        say(`${path}: ${prediction.detections.length} found${pictures.length > 0 ? `, ${pictures[index]}` : ""}`);
      } catch (error) {
        if (!DetrkitError.isInstance(error) || error.code !== "ERR_DATA") throw error;
        unreadable += 1;
        say(`detrkit: ${error.message}`);
      }
    }
  } finally {
    await output.finish();
    interruption.release();
  }
  for (const form of settings.save) {
    const files = filesOf(form, found, { folder: settings.output, categories, cocoIds });
    for (const [path, content] of files) await writeFileAtomic(path, content);
    say(`saved: ${mainFile(form, settings.output)}`);
  }
  if (panoptic !== undefined) say(`saved: ${await panoptic.finish()}`);
  if (interruption.signal.aborted) say(`stopped after ${found.length} of ${images.length} images`);
  return interruption.signal.aborted ? interruption.exitCode() : unreadable > 0 ? 2 : 0;
}

async function predictFile(
  detector: Detector,
  { path, stem, picture }: InputImage & { readonly picture: string | undefined },
  { threshold, pictureType, pictureSize, masks }: PredictSettings,
  panoptic: PanopticPredictions | undefined,
): Promise<ImagePrediction> {
  const image = await decodeImage(path);
  const { width, height, detections } = await detector.detect(image, { threshold, masks });
  const options: PredictionPicture = { type: pictureType, longerSide: pictureSize };
  if (picture !== undefined) await writeFileAtomic(picture, await drawPredictions(image, detections, options));
  return {
    image: path,
    ...(picture !== undefined && { picture }),
    width,
    height,
    detections,
    ...(panoptic && { panoptic: await panoptic.add(image, { path, stem }) }),
  };
}
