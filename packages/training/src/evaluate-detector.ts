import { Random } from "@detrkit/common";
import {
  batches,
  type Dataset,
  type DetectionBatch,
  type ImageRecord,
  type ImageWorkers,
  toCocoGroundTruth,
} from "@detrkit/datasets";
import { type Category, type Detection, type DetrOutput, type ImageDetections, listDetections } from "@detrkit/detr";
import { type DetectionEvaluation, DetectionEvaluator } from "@detrkit/evaluation";
import { type Detector, panopticPictures, type PanopticPicture, withMasks } from "@detrkit/inference";
import { dispose, Tensor, type TensorContainer } from "@tensorflow/tfjs-core";
import { dataCategories } from "./data-categories.ts";
import { type EvaluatedMasks, MaskEvaluator } from "./evaluate-masks.ts";
import type { Criterion } from "./train-options.ts";

/** A detector's detections on a data set, and their COCO metrics: of boxes, and of masks where both have some. */
export interface EvaluatedDetector extends EvaluatedMasks {
  readonly evaluation: DetectionEvaluation;
  /** By image id, highest score first. */
  readonly detections: ReadonlyMap<number, readonly Detection[]>;
  /** Mean of the criterion's loss over the batches, where there was a criterion. */
  readonly loss?: number;
}

/** What {@link evaluateDetector} measures, and on which data. */
export interface EvaluateDetectorOptions {
  readonly detector: Detector;
  readonly dataset: Dataset;
  readonly batchSize: number;
  /** Threads that read images, where they are shared; otherwise its own. */
  readonly workers?: ImageWorkers;
  /** Gives the loss on these images, of the same predictions that are evaluated. */
  readonly criterion?: Criterion;
  /** Whether that is the loss of all decoder layers, as in training, or of the last one. Default true. */
  readonly auxiliary?: boolean;
  /** Score above which a query may be a segment, where panoptic quality is measured. Default the detector's own. */
  readonly panopticThreshold?: number;
  readonly signal?: AbortSignal;
  /** Called after each batch with the number of images done and in all. */
  readonly onImages?: (done: number, all: number) => void;
}

/**
 * COCO's metrics of a detector on a data set, in source pixels; undefined when the signal stopped it. Where model and
 * data have masks, these are measured too, and panoptic quality where the data are panoptic: an object without a mask
 * is then a DataError (`keepMasked` of `@detrkit/datasets` leaves such images out).
 */
export async function evaluateDetector(options: EvaluateDetectorOptions): Promise<EvaluatedDetector | undefined> {
  const { detector, dataset, batchSize, workers, criterion, signal, onImages } = options;
  const evaluator = new DetectionEvaluator({ groundTruth: toCocoGroundTruth(dataset), type: "bbox" });
  const ofMasks = detector.model.maskHead === undefined ? undefined : await MaskEvaluator.of(dataset);
  // The ids are the data's, not those of the data that the model was trained on; the labels' order is the model's.
  const categories = dataCategories(dataset);
  const detections = new Map<number, readonly Detection[]>();
  const { transforms } = detector.description;
  const shared = workers === undefined ? {} : { workers };
  const records = new Map(dataset.records.map((record) => [record.id, record]));
  // Masks of the data are drawn for a loss only: for the metrics those of whole images are compared.
  const masks = criterion !== undefined && ofMasks !== undefined;
  let [loss, batchesDone] = [0, 0];
  for await (const batch of batches(dataset, { batchSize, transforms, ...shared, masks })) {
    if (signal?.aborted === true) return undefined;
    const found = await predict(batch, options, { index: batchesDone, categories, ofMasks });
    loss += found.loss;
    batchesDone += 1;
    for (const [index, { id }] of batch.records.entries()) {
      const listed = listDetections(found.detections[index] as ImageDetections, { categories });
      detections.set(id, listed);
      evaluator.add(id, listed);
      await ofMasks?.add(records.get(id) as ImageRecord, { detections: listed, picture: found.pictures[index] });
    }
    onImages?.(detections.size, dataset.length);
  }
  const measured = { evaluation: evaluator.evaluate(), detections, ...ofMasks?.evaluate() };
  return criterion === undefined ? measured : { ...measured, loss: loss / batchesDone };
}

/** What is read from the predictions of a batch. */
interface Prediction {
  readonly detections: readonly ImageDetections[];
  /** Of each image, where panoptic quality is measured. */
  readonly pictures: readonly PanopticPicture[];
  readonly loss: number;
}

/** What one batch's predictions are read for. */
interface Reading {
  /** Of the batch. */
  readonly index: number;
  readonly categories: readonly Category[];
  readonly ofMasks: MaskEvaluator | undefined;
}

/**
 * Detections of a batch, with masks and segments where these are measured, and where there is a criterion its loss: of
 * one pass through the model. What the loss draws depends on the batch's index only, so that the losses of two epochs
 * can be compared.
 */
async function predict(
  { images, records, targets }: DetectionBatch,
  {
    auxiliary = true,
    criterion,
    detector,
    panopticThreshold: threshold = detector.panopticThreshold,
  }: EvaluateDetectorOptions,
  { index, categories, ofMasks }: Reading,
): Promise<Prediction> {
  const { model } = detector;
  const output = model.call(images, { auxiliary: auxiliary && criterion !== undefined, masks: ofMasks !== undefined });
  try {
    const loss = criterion === undefined ? 0 : await lossOf(criterion, output, targets, index);
    const found = await model.postProcess(output, records);
    if (ofMasks === undefined) return { detections: found, pictures: [], loss };
    const choice = { threshold, smallest: 4 };
    const pictures = ofMasks.wantsSegments
      ? await panopticPictures(found, output, images, records, categories, choice)
      : [];
    return { detections: await withMasks(found, output, images, records), pictures, loss };
  } finally {
    dispose(output as unknown as TensorContainer);
  }
}

async function lossOf(
  criterion: Criterion,
  output: DetrOutput,
  targets: DetectionBatch["targets"],
  index: number,
): Promise<number> {
  const { loss, terms } = criterion.call(output, targets, { random: new Random(index) });
  const [value = Number.NaN] = await loss.data();
  dispose([loss, ...Object.values(terms).filter((term) => term instanceof Tensor)]);
  return value;
}
