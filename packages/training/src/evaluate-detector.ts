import { Random } from "@detrkit/common";
import {
  batches,
  categoriesOf,
  type Dataset,
  type DetectionBatch,
  type ImageWorkers,
  toCocoGroundTruth,
} from "@detrkit/datasets";
import { type Detection, type ImageDetections, listDetections } from "@detrkit/detr";
import { type DetectionEvaluation, DetectionEvaluator } from "@detrkit/evaluation";
import type { Detector } from "@detrkit/inference";
import { dispose, Tensor, type TensorContainer } from "@tensorflow/tfjs-core";
import type { Criterion } from "./train-options.ts";

/** A detector's detections on a data set, and their COCO metrics. */
export interface EvaluatedDetector {
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
  readonly signal?: AbortSignal;
  /** Called after each batch with the number of images done and in all. */
  readonly onImages?: (done: number, all: number) => void;
}

/** COCO's metrics of a detector on a data set, in source pixels; undefined when the signal stopped it. */
export async function evaluateDetector(options: EvaluateDetectorOptions): Promise<EvaluatedDetector | undefined> {
  const { detector, dataset, batchSize, workers, signal, onImages } = options;
  const evaluator = new DetectionEvaluator({ groundTruth: toCocoGroundTruth(dataset), type: "bbox" });
  // The ids are the data's, not those of the data that the model was trained on; the labels' order is the model's.
  const categories = categoriesOf(dataset);
  const detections = new Map<number, readonly Detection[]>();
  const { transforms } = detector.description;
  const shared = workers === undefined ? {} : { workers };
  let [loss, batchesDone] = [0, 0];
  for await (const batch of batches(dataset, { batchSize, transforms, ...shared })) {
    if (signal?.aborted === true) return undefined;
    const { found, loss: ofBatch } = await predict(batch, options, batchesDone);
    loss += ofBatch;
    batchesDone += 1;
    batch.records.forEach((record, index) => {
      const listed = listDetections(found[index] as (typeof found)[number], { categories });
      detections.set(record.id, listed);
      evaluator.add(record.id, listed);
    });
    onImages?.(detections.size, dataset.length);
  }
  const measured = { evaluation: evaluator.evaluate(), detections };
  return options.criterion === undefined ? measured : { ...measured, loss: loss / batchesDone };
}

/**
 * Detections of a batch and, where there is a criterion, its loss: of one pass through the model. What the loss draws
 * depends on the batch's index only, so that the losses of two epochs can be compared.
 */
async function predict(
  { images, records, targets }: DetectionBatch,
  { auxiliary = true, criterion, detector }: EvaluateDetectorOptions,
  index: number,
): Promise<{ readonly found: readonly ImageDetections[]; readonly loss: number }> {
  if (criterion === undefined) return { found: await detector.detectBatch(images, records), loss: 0 };
  const output = detector.model.call(images, { auxiliary });
  try {
    const { loss, terms } = criterion.call(output, targets, { random: new Random(index) });
    const [value = Number.NaN] = await loss.data();
    dispose([loss, ...Object.values(terms).filter((term) => term instanceof Tensor)]);
    return { found: await detector.model.postProcess(output, records), loss: value };
  } finally {
    dispose(output as unknown as TensorContainer);
  }
}
