import { parse } from "node:path";
import { DetrkitError } from "@detrkit/common";
import {
  batches,
  categoriesOf,
  type Dataset,
  imageName,
  type ImageRecord,
  loadPixels,
  withSegmentations,
} from "@detrkit/datasets";
import type { Category } from "@detrkit/detr";
import type { ImageOutcome } from "@detrkit/evaluation";
import { maskToSegmentation, segmentationToMask } from "@detrkit/masks";
import { type EvaluatedDetector, trainingRecipe } from "@detrkit/training";
import type { EvaluationAnalysis } from "../evaluation/analyse-evaluation.ts";
import { drawBatch } from "../drawing/batch-picture.ts";
import type { DrawnBox } from "../drawing/draw-boxes.ts";
import { drawBesideTruth } from "../drawing/picture.ts";
import type { PictureKind, SamplePicture } from "../report/pictures.ts";
import type { RunParts } from "./parts.ts";

/** Records spread evenly over a data set, the same ones each time, so that pictures of two epochs can be compared. */
function spread(records: readonly ImageRecord[], count: number): ImageRecord[] {
  const wanted = Math.min(count, records.length);
  return Array.from({ length: wanted }, (_, index) => records[Math.floor((index * records.length) / wanted)]).filter(
    (record) => record !== undefined,
  );
}

/** The mask of an object as detections have theirs; undefined where it has none that can be drawn. */
function truthMask({ segmentations, height, width }: ImageRecord, index: number): DrawnBox["mask"] {
  const segmentation = segmentations?.[index];
  // Some tools write an empty list for "none".
  if (segmentation === undefined || (Array.isArray(segmentation) && segmentation.length === 0)) return undefined;
  try {
    return maskToSegmentation(segmentationToMask(segmentation, height, width));
  } catch (error) {
    // `check-data` names a damaged mask. A picture without it is better than a run that ends.
    if (DetrkitError.isInstance(error)) return undefined;
    throw error;
  }
}

/**
 * The objects of an image as they are drawn.
 *
 * @param withMasks - whether they have their masks, where the data have them
 */
export function truthBoxes(
  record: ImageRecord,
  dataset: Pick<Dataset, "classes" | "categoryIds">,
  withMasks = false,
): DrawnBox[] {
  const categories = categoriesOf(dataset);
  return Array.from(record.labels, (label, index) => {
    const [xmin = 0, ymin = 0, xmax = 0, ymax = 0] = record.boxes.subarray(index * 4, index * 4 + 4);
    const { id: labelId, name } = categories[label] as Category;
    const mask = withMasks ? truthMask(record, index) : undefined;
    return { label: name, labelId, box: { xmin, ymin, xmax, ymax }, ...(mask && { mask }) };
  });
}

/** The objects of an image with their masks, also where these lie in a picture. */
async function maskedBoxes(record: ImageRecord, dataset: Dataset): Promise<DrawnBox[]> {
  const alone = await withSegmentations({ ...dataset, records: [record], length: 1 });
  return truthBoxes(alone.records[0] ?? record, dataset, true);
}

/** What stands below the picture of an image that was done well or badly. */
function outcomeNote({ found, missed, wrong }: ImageOutcome): string {
  return `${found} found, ${missed} missed, ${wrong} wrong`;
}

/**
 * Validation images with the truth beside what was predicted: some spread over the set, the worst and the best.
 *
 * @param count - how many of the first
 */
export async function drawValidation(
  validation: Dataset,
  { detections }: Pick<EvaluatedDetector, "detections">,
  { threshold, worst, best }: EvaluationAnalysis,
  count: number,
): Promise<SamplePicture[]> {
  const records = new Map(validation.records.map((record) => [record.id, record]));
  // Beside a model of boxes the data's masks would hide what it is about.
  const withMasks = [...detections.values()].some((found) => found.some(({ mask }) => mask !== undefined));
  const draw = async (record: ImageRecord, kind: PictureKind, note?: string): Promise<SamplePicture> => {
    const kept = (detections.get(record.id) ?? []).filter(({ score }) => score >= threshold);
    const truth = withMasks ? await maskedBoxes(record, validation) : truthBoxes(record, validation);
    const png = await drawBesideTruth(await loadPixels(record), truth, kept);
    return { name: parse(imageName(record)).base, png, kind, ...(note === undefined ? {} : { note }) };
  };
  const pictures: SamplePicture[] = [];
  for (const record of spread(validation.records, count)) pictures.push(await draw(record, "sample"));
  for (const [kind, outcomes] of [
    ["worst", worst],
    ["best", best],
  ] as const) {
    for (const outcome of outcomes) {
      const record = records.get(outcome.imageId);
      if (record !== undefined) pictures.push(await draw(record, kind, outcomeNote(outcome)));
    }
  }
  return pictures;
}

/**
 * The first batches of an epoch as they were trained on: read, augmented and padded once more, with the same random
 * numbers.
 *
 * @param epoch - from 0
 */
export async function drawBatches(
  { data: { training }, batchSize, repeats, seed, transforms }: RunParts,
  epoch: number,
  count: number,
): Promise<SamplePicture[]> {
  const pictures: SamplePicture[] = [];
  if (count === 0) return pictures;
  const recipe = trainingRecipe(transforms, epoch);
  const legend = { normalisation: recipe.normalisation, categories: categoriesOf(training) };
  const order = { batchSize, repeats, seed, epoch, shuffle: true };
  for await (const batch of batches(training, { ...order, transforms: recipe, workers: 0, ahead: 1 })) {
    const png = await drawBatch(batch, legend);
    pictures.push({ name: `batch ${batch.index + 1} of epoch ${epoch + 1}`, png, kind: "batch" });
    if (pictures.length >= count) break;
  }
  return pictures;
}
