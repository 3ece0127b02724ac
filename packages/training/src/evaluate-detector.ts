import { batches, type Dataset, type ImageWorkers, toCocoGroundTruth } from "@detrkit/datasets";
import { type Detection, listDetections } from "@detrkit/detr";
import { type DetectionEvaluation, DetectionEvaluator } from "@detrkit/evaluation";
import type { Detector } from "@detrkit/inference";

/** A detector's detections on a data set, and their COCO metrics. */
export interface EvaluatedDetector {
  readonly evaluation: DetectionEvaluation;
  /** By image id, highest score first. */
  readonly detections: ReadonlyMap<number, readonly Detection[]>;
}

/** What {@link evaluateDetector} measures, and on which data. */
export interface EvaluateDetectorOptions {
  readonly detector: Detector;
  readonly dataset: Dataset;
  readonly batchSize: number;
  /** Threads that read images, where they are shared; otherwise its own. */
  readonly workers?: ImageWorkers;
  readonly signal?: AbortSignal;
  /** Called after each batch with the number of images done and in all. */
  readonly onImages?: (done: number, all: number) => void;
}

/** COCO's metrics of a detector on a data set, in source pixels; undefined when the signal stopped it. */
export async function evaluateDetector(options: EvaluateDetectorOptions): Promise<EvaluatedDetector | undefined> {
  const { detector, dataset, batchSize, workers, signal, onImages } = options;
  const evaluator = new DetectionEvaluator({ groundTruth: toCocoGroundTruth(dataset), type: "bbox" });
  // The ids are the data's, not those of the data that the model was trained on; the labels' order is the model's.
  const categories = dataset.classes.map((name, label) => ({ id: dataset.categoryIds[label] ?? label, name }));
  const detections = new Map<number, readonly Detection[]>();
  const { transforms } = detector.description;
  const shared = workers === undefined ? {} : { workers };
  for await (const batch of batches(dataset, { batchSize, transforms, ...shared })) {
    if (signal?.aborted === true) return undefined;
    const found = await detector.detectBatch(batch.images, batch.records);
    batch.records.forEach((record, index) => {
      const listed = listDetections(found[index] as (typeof found)[number], { categories });
      detections.set(record.id, listed);
      evaluator.add(record.id, listed);
    });
    onImages?.(detections.size, dataset.length);
  }
  return { evaluation: evaluator.evaluate(), detections };
}
