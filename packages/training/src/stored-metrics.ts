import type { CocoMetrics, PanopticEvaluation } from "@detrkit/evaluation";
import type { EvaluatedDetector } from "./evaluate-detector.ts";

/** What `metrics.json` holds: COCO's figures of boxes, and beside them, where they were measured, those of masks. */
export interface StoredMetrics extends CocoMetrics {
  readonly masks?: CocoMetrics;
  readonly panoptic?: PanopticEvaluation;
}

/** The figures of an evaluation as `metrics.json` holds them. */
export function storedMetrics({
  evaluation,
  masks,
  panoptic,
}: Pick<EvaluatedDetector, "evaluation" | "masks" | "panoptic">): StoredMetrics {
  return { ...evaluation.metrics, ...(masks && { masks: masks.metrics }), ...(panoptic && { panoptic }) };
}
