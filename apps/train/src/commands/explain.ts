import { join } from "node:path";
import { makeFolder, writeFileAtomic } from "@detrkit/common/files";
import { decodeImage } from "@detrkit/image";
import { type Explanation, type ImagePoint, loadDetector } from "@detrkit/inference";
import type { Command } from "../cli/command.ts";
import { numberFlag, numberOption, type ParsedFlags, textFlag, textOption } from "../cli/parse-flags.ts";
import { typedCommand } from "../cli/typed-command.ts";
import { furtherDefinitions } from "../configuration/definitions.ts";
import { type AttentionSubject, drawAttention } from "../drawing/attention-picture.ts";
import { pictureExtension } from "../drawing/picture.ts";
import { inputImages, type InputImage } from "../inference/image-files.ts";
import { keepApart } from "../inference/keep-apart.ts";
import { lineWriter } from "../text.ts";
import { UsageError } from "../usage-error.ts";
import { pictureTypeFlag, pictureTypeOf, thresholdFlag, thresholdOf } from "./predict-flags.ts";
import { backendFlag, backendOf, checkpointFlag, checkpointOf, detectorFlag, useBackend } from "./shared-flags.ts";

const defaultLimit = 5;
const defaultOutput = "explanations";

/** `detrkit explain`: where a detector looks. */
export const explainCommand: Command = {
  description: {
    name: "explain",
    summary: "Show where a detector looks for what it finds, and from a place of the image.",
    usage: "--checkpoint RUN IMAGE",
    takesPaths: true,
    flags: [
      checkpointFlag,
      detectorFlag,
      thresholdFlag,
      numberOption("limit", `The largest number of detections; default ${defaultLimit}`),
      {
        name: "point",
        kind: "numbers",
        placeholder: "X,Y",
        description: "Where the encoder looks from this pixel; further ones behind it: X,Y,X,Y",
      },
      numberOption(
        "decoder-layer",
        "From 0, as in the paths of parameters; default the last, from which detections are read",
      ),
      numberOption("encoder-layer", "From 0; default the last"),
      textOption("output", "DIR", `Folder for the pictures; default ${defaultOutput}`),
      pictureTypeFlag,
      textOption("json", "FILE", "Also write places and weights to this file, as JSON"),
      backendFlag,
    ],
    notes: [
      [
        "Writes a picture for each detection (photo.object-1.jpg, highest score first) and each point",
        "(photo.point-1.jpg), and prints their paths. Of Deformable DETR it shows the sampling points, the larger the",
        "more weight they have, by level from fine (1) to coarse; of DETR the cells of the map, the brighter the more",
        "weight.",
      ].join("\n"),
    ],
    examples: [
      "detrkit explain --checkpoint runs/demo photo.jpg",
      "detrkit explain --checkpoint runs/mine --point 320,200 --json attention.json photo.jpg",
    ],
  },
  async run(flags, streams) {
    const { checkpoint, image: input, options } = await questionOf(flags);
    const { path: file, stem } = input;
    const [output, json] = [textFlag(flags, "output") ?? defaultOutput, textFlag(flags, "json")];
    await keepApart({ images: [input], folders: [] }, { folders: [output], files: json === undefined ? [] : [json] });
    // Before a model is loaded: a folder that cannot be made is found here.
    makeFolder(output);
    const say = lineWriter(streams.stderr);
    await useBackend(backendOf(flags), say);
    const detector = await loadDetector(checkpoint, {
      detectors: await furtherDefinitions(textFlag(flags, "detector")),
      onProgress: say,
    });
    const image = await decodeImage(file);
    const explanation = await detector.explain(image, options).finally(() => detector.dispose());
    if (explanation.detections.length === 0)
      say(`${file}: nothing found from a score of ${options.threshold.toFixed(2)} on; lower it with --threshold`);
    if (json !== undefined) await writeFileAtomic(json, `${JSON.stringify({ image: file, ...explanation })}\n`);
    const type = pictureTypeOf(flags);
    for (const { subject, attention, suffix } of pictures(explanation)) {
      const path = join(output, `${stem}.${suffix}.${pictureExtension(type)}`);
      await writeFileAtomic(path, await drawAttention(image, attention, subject, type));
      streams.stdout.write(`${path}\n`);
    }
    return 0;
  },
};

/** What was asked on the command line. */
async function questionOf(flags: ParsedFlags) {
  const checkpoint = checkpointOf(flags, "explain");
  const image = await oneImage(flags.positionals);
  const threshold = await thresholdOf(flags, checkpoint);
  const limit = numberFlag(flags, "limit") ?? defaultLimit;
  const decoderLayer = numberFlag(flags, "decoder-layer");
  const encoderLayer = numberFlag(flags, "encoder-layer");
  const options = {
    threshold,
    limit,
    points: pointsOf(flags),
    ...(decoderLayer === undefined ? {} : { decoderLayer }),
    ...(encoderLayer === undefined ? {} : { encoderLayer }),
  };
  return { checkpoint, image, options };
}

async function oneImage(paths: readonly string[]): Promise<InputImage> {
  const { images, folders } = await inputImages(paths);
  const [image, ...others] = images;
  if (image !== undefined && others.length === 0 && folders.length === 0) return image;
  throw new UsageError(`explain takes one image: ${typedCommand(["explain", "--checkpoint", "RUN", "photo.jpg"])}`);
}

function pointsOf(flags: ParsedFlags): ImagePoint[] {
  const numbers = flags.values.get("point");
  if (!Array.isArray(numbers)) return [];
  if (numbers.length % 2 !== 0) throw new UsageError(`--point takes pairs X,Y, got ${numbers.join(",")}`);
  return Array.from({ length: numbers.length / 2 }, (_, index) => ({
    x: numbers[2 * index] as number,
    y: numbers[2 * index + 1] as number,
  }));
}

/** What is drawn: a picture for each detection and each point. */
function pictures({ detections, points, decoderLayer, encoderLayer = 0 }: Explanation) {
  const ofDetections = detections.map(({ detection, attention }, index) => {
    const caption = `${detection.label} ${detection.score.toFixed(2)}, decoder.layers.${decoderLayer}`;
    const subject: AttentionSubject = { detection, caption };
    return { attention, subject, suffix: `object-${index + 1}` };
  });
  const ofPoints = points.map(({ point, attention }, index) => {
    const caption = `from ${point.x}, ${point.y}, encoder.layers.${encoderLayer}`;
    const subject: AttentionSubject = { point, caption };
    return { attention, subject, suffix: `point-${index + 1}` };
  });
  return [...ofDetections, ...ofPoints];
}
