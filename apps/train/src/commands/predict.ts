import { DetrkitError } from "@detrkit/common";
import { writeFileAtomic } from "@detrkit/common/files";
import type { Detection } from "@detrkit/detr";
import { decodeImage } from "@detrkit/image";
import { type Detector, loadDetector } from "@detrkit/inference";
import type { Command } from "../cli/command.ts";
import { numberFlag, numberOption, switchOption, textFlag, textOption } from "../cli/parse-flags.ts";
import { fitted } from "../text.ts";
import { UsageError } from "../usage-error.ts";
import { furtherDefinitions } from "../configuration/definitions.ts";
import { drawnFrom } from "../drawing/draw-boxes.ts";
import { drawPredictions } from "../drawing/picture.ts";
import { imageFiles, picturePaths } from "../inference/image-files.ts";
import { backendFlag, backendOf, checkpointFlag, detectorFlag, useBackend } from "./shared-flags.ts";

/** What `predict` says about one image. */
interface ImagePrediction {
  readonly image: string;
  /** The annotated picture, where one was written. */
  readonly picture?: string;
  readonly detections: readonly Detection[];
}

/** `detrkit predict`. */
export const predictCommand: Command = {
  description: {
    name: "predict",
    summary: "Find objects in images: annotated pictures, and JSON on stdout.",
    usage: "--checkpoint RUN FILE|FOLDER…",
    takesPaths: true,
    flags: [
      checkpointFlag,
      detectorFlag,
      numberOption("threshold", `Leave out detections with a lower score; default ${drawnFrom}`),
      textOption("output", "DIR", "Folder for the pictures; without it, each beside its image"),
      switchOption("pictures", "Draw pictures (the default); --no-pictures writes JSON only"),
      backendFlag,
    ],
    notes: [
      [
        "One image gives a list of detections, with boxes in pixels of the image:",
        '[{ "label", "labelId", "score", "box": { "xmin", "ymin", "xmax", "ymax" } }].',
        'Several images, or a folder, give a list of { "image", "picture", "detections" }.',
      ].join("\n"),
      "An image that cannot be read is named on stderr; the others are done all the same, and the exit code is 2.",
    ],
    examples: [
      "detrkit predict --checkpoint runs/demo photo.jpg",
      "detrkit predict --checkpoint runs/mine --threshold 0.7 --output found photos/ > found.json",
    ],
  },
  async run(flags, streams) {
    const checkpoint = textFlag(flags, "checkpoint");
    if (checkpoint === undefined)
      throw new UsageError("predict needs --checkpoint, a run folder, a .safetensors or a .pth file");
    if (flags.positionals.length === 0)
      throw new UsageError("predict needs images: detrkit predict --checkpoint runs/mine photo.jpg");
    const threshold = numberFlag(flags, "threshold") ?? drawnFrom;
    if (threshold < 0 || threshold > 1)
      throw new UsageError(`--threshold takes a number from 0 to 1, got ${threshold}`);
    const files = await imageFiles(flags.positionals);
    const say = (line: string): void => void streams.stderr.write(`${fitted(line, streams.stderr)}\n`);
    await useBackend(backendOf(flags), say);
    const detector = await loadDetector(checkpoint, {
      detectors: await furtherDefinitions(textFlag(flags, "detector")),
      onProgress: say,
    });
    const pictures = flags.values.get("pictures") === false ? [] : picturePaths(files, textFlag(flags, "output"));
    const predictions: ImagePrediction[] = [];
    let unreadable = 0;
    for (const [index, file] of files.entries()) {
      try {
        const picture = pictures[index];
        predictions.push(await predictFile(detector, file, picture, threshold));
        streams.stderr.write(
          `${file}: ${predictions.at(-1)?.detections.length} found${picture === undefined ? "" : `, ${picture}`}\n`,
        );
      } catch (error) {
        if (!DetrkitError.isInstance(error) || error.code !== "ERR_DATA") throw error;
        unreadable += 1;
        streams.stderr.write(`${fitted(`detrkit: ${error.message}`, streams.stderr)}\n`);
      }
    }
    const single = files.length === 1 && files[0] === flags.positionals[0];
    if (!single || predictions.length === 1)
      streams.stdout.write(`${JSON.stringify(single ? predictions[0]?.detections : predictions, null, 2)}\n`);
    return unreadable > 0 ? 2 : 0;
  },
};

async function predictFile(
  detector: Detector,
  file: string,
  picture: string | undefined,
  threshold: number,
): Promise<ImagePrediction> {
  const image = await decodeImage(file);
  const { detections } = await detector.detect(image, { threshold });
  if (picture === undefined) return { image: file, detections };
  await writeFileAtomic(picture, await drawPredictions(image, detections));
  return { image: file, picture, detections };
}
