import { dirname, join } from "node:path";
import { writeFileAtomic } from "@detrkit/common/files";
import type { RgbImage } from "@detrkit/image";
import type { Detector } from "@detrkit/inference";
import { drawPanoptic } from "../drawing/panoptic-picture.ts";
import { pictureExtension } from "../drawing/picture.ts";
import type { CocoIds } from "../inference/coco-ids.ts";
import type { InputImage } from "../inference/image-files.ts";
import type { ImagePrediction } from "../inference/prediction.ts";
import { PanopticFiles } from "../inference/save-panoptic.ts";
import { UsageError } from "../usage-error.ts";
import type { PredictSettings } from "./predict-flags.ts";

const pictureOf = (stem: string, { output, pictureType }: PredictSettings): string =>
  join(output, "panoptic-pictures", `${stem}.${pictureExtension(pictureType)}`);

/** The folders that get what `--panoptic` writes of an image. */
export function panopticFolders(stem: string, settings: PredictSettings): string[] {
  return [PanopticFiles.fileOf(settings.output, stem), pictureOf(stem, settings)].map((file) => dirname(file));
}

/** @throws UsageError where a detector finds boxes only */
export function expectMasks({ description }: Pick<Detector, "description">, checkpoint: string): void {
  if (description.detector !== undefined && "masks" in description.detector) return;
  throw new UsageError(
    `--panoptic needs a model with masks, and ${checkpoint} finds boxes only; leave it away, or train one with --masks`,
  );
}

/** Parts images into segments, and writes these as files for programs and pictures for people. */
export class PanopticPredictions {
  readonly #detector: Detector;
  readonly #threshold: number;
  readonly #settings: PredictSettings;
  readonly #files: PanopticFiles;

  /** @param threshold - segments come from predictions with a higher score */
  constructor(detector: Detector, threshold: number, settings: PredictSettings, cocoIds: CocoIds | undefined) {
    const { categories } = detector.description;
    this.#detector = detector;
    this.#threshold = threshold;
    this.#settings = settings;
    this.#files = new PanopticFiles({ folder: settings.output, categories, cocoIds });
  }

  /** Writes an image's files. @returns what the JSON says of them */
  async add(image: RgbImage, { path, stem }: InputImage): Promise<NonNullable<ImagePrediction["panoptic"]>> {
    const segmented = await this.#detector.panoptic(image, { threshold: this.#threshold });
    const ids = await this.#files.add(path, stem, segmented);
    const { segments } = segmented;
    const { pictures, pictureType, pictureSize } = this.#settings;
    if (!pictures) return { ids, segments };
    const picture = pictureOf(stem, this.#settings);
    await writeFileAtomic(
      picture,
      await drawPanoptic(image, segmented, { type: pictureType, longerSide: pictureSize }),
    );
    return { ids, picture, segments };
  }

  /** Writes the list of all images. @returns the file */
  async finish(): Promise<string> {
    return await this.#files.finish();
  }
}
