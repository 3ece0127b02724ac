import { ConfigError } from "@detrkit/common";
import { fixedAveragePrecision } from "./fixed-average-precision.ts";
import type { AnalysedDetections } from "./images-of-all-classes.ts";
import { type ErrorKind, judgeDetections } from "./judged-detections.ts";

/** The kinds of errors, as TIDE lists them. */
export const errorKinds: readonly ErrorKind[] = [
  "classification",
  "localisation",
  "both",
  "duplicate",
  "background",
  "missed",
];

/** What is analysed, and where background begins. */
export interface ErrorAnalysisOptions extends AnalysedDetections {
  /** Below this IoU with every object, a detection lies on background. Default 0.1. */
  readonly backgroundThreshold?: number;
}

/** One kind of errors. */
export interface ErrorFigures {
  readonly kind: ErrorKind;
  /** Detections of this kind, or for `missed` objects. */
  readonly count: number;
  /** By how much AP would be higher without this kind, all others staying as they are. */
  readonly lostAP: number;
}

/** The errors of a set of detections by kind. */
export interface ErrorAnalysis {
  /** At the IoU threshold, of all detections; -1 where there are no objects. */
  readonly AP: number;
  readonly errors: readonly ErrorFigures[];
}

/**
 * Which kinds of errors cost how much AP, as TIDE tells them apart (arXiv:2008.08115):
 *
 * - `localisation`: right class, but the overlap is between both thresholds
 * - `classification`: enough overlap with an object of another class
 * - `duplicate`: enough overlap with an object that a detection of a higher score has found
 * - `background`: next to no overlap with any object
 * - `both`: wrong class, and too little overlap
 * - `missed`: objects that nothing has found, and that no wrong class or place explains
 *
 * Each is mended alone: the class or box is set right (where several would become right, the highest score is), other
 * wrong detections are taken away, missed objects are not counted. The losses do not add up to 1 - AP.
 *
 * @throws ConfigError where the thresholds are not in order
 */
export function analyseErrors(options: ErrorAnalysisOptions): ErrorAnalysis {
  const { iouThreshold = 0.5, backgroundThreshold = 0.1 } = options;
  if (!(backgroundThreshold >= 0 && backgroundThreshold < iouThreshold && iouThreshold <= 1))
    throw new ConfigError(
      "analyseErrors: expected 0 <= backgroundThreshold < iouThreshold <= 1, " +
        `got ${backgroundThreshold} and ${iouThreshold}`,
    );
  const judged = judgeDetections(options, { iouThreshold, backgroundThreshold });
  const AP = fixedAveragePrecision(judged);
  const errors = errorKinds.map((kind): ErrorFigures => {
    const count =
      kind === "missed" ? judged.missed.length : judged.detections.filter(({ error }) => error === kind).length;
    const lostAP = AP < 0 || count === 0 ? 0 : fixedAveragePrecision(judged, kind) - AP;
    return { kind, count, lostAP };
  });
  return { AP, errors };
}
