import type { CocoMetrics } from "@detrkit/evaluation";
import type { EpochRecord } from "@detrkit/training";

/** How well one class is found. -1 where there is nothing to count. */
export interface ClassFigures {
  readonly label: string;
  /** Annotated objects of this class in the evaluated images. */
  readonly objects: number;
  readonly AP: number;
  readonly AP50: number;
  readonly AP75: number;
  readonly AR100: number;
}

/** Precision at IoU 0.5 over COCO's 101 recall levels 0, 0.01 … 1. */
export interface PrecisionRecall {
  readonly label: string;
  readonly precision: readonly number[];
}

/** An evaluation as the report shows it. */
export interface EvaluationSummary {
  readonly metrics: CocoMetrics;
  readonly classes: readonly ClassFigures[];
  readonly precisionRecall: readonly PrecisionRecall[];
}

/** A picture of predictions beside the truth. */
export interface SamplePicture {
  readonly name: string;
  readonly png: Uint8Array;
}

/** What a run's folder keeps for its report, beside settings, log and pictures: `report.json`. */
export interface ReportFacts {
  /** After which epoch evaluation and pictures were made. */
  readonly epoch: number;
  readonly introduction: readonly string[];
  readonly evaluation: EvaluationSummary;
  /** Files in `predictions/` and the images that they show. */
  readonly pictures: readonly { readonly file: string; readonly name: string }[];
}

/** Everything that a report shows. */
export interface ReportData {
  readonly title: string;
  /** What the reader should know before the figures: what was trained, on what, and what that means. */
  readonly introduction: readonly string[];
  readonly config: Readonly<Record<string, unknown>>;
  readonly records: readonly EpochRecord[];
  /** Of the last evaluation. */
  readonly evaluation: EvaluationSummary | undefined;
  readonly samples: readonly SamplePicture[];
}
