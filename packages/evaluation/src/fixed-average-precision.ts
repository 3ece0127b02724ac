import type { ErrorKind, JudgedDetection, JudgedSet } from "./judged-detections.ts";
import { meanOfCounted } from "./mean-of-counted.ts";
import { falsePositive, readPrecision, truePositive } from "./precision-recall.ts";

const recallThresholds: Float64Array = Float64Array.from({ length: 101 }, (_, index) => index / 100);

/**
 * AP at one IoU, mean over the classes with objects, as it would be without one kind of errors; -1 if nothing counts.
 *
 * @param mended - the kind that is set right; none: AP as it is
 */
export function fixedAveragePrecision(judged: JudgedSet, mended?: ErrorKind): number {
  const missed = new Set(mended === "missed" ? judged.missed : []);
  const truthCounts = new Map<number, number>();
  for (const [id, category] of judged.truths)
    if (!missed.has(id)) truthCounts.set(category, (truthCounts.get(category) ?? 0) + 1);
  const detections = mended === undefined ? judged.detections : withMended(judged, mended);
  const precisions = [...truthCounts].map(([category, truths]) =>
    averagePrecision(
      detections.filter(({ categoryId }) => categoryId === category),
      truths,
    ),
  );
  return meanOfCounted(Float64Array.from(precisions));
}

/** The detections with one kind of errors set right or taken away. */
function withMended({ detections, truths }: JudgedSet, kind: ErrorKind): JudgedDetection[] {
  const best = new Map<number, JudgedDetection>();
  for (const detection of detections) {
    const { error, meant, score } = detection;
    if (error !== kind || meant === undefined) continue;
    if (score > (best.get(meant)?.score ?? Number.NEGATIVE_INFINITY)) best.set(meant, detection);
  }
  return detections.flatMap((detection): JudgedDetection[] => {
    const { error, meant, score } = detection;
    if (error !== kind) return [detection];
    if (meant === undefined || best.get(meant) !== detection) return [];
    return [{ categoryId: truths.get(meant) as number, score, isRight: true }];
  });
}

/** AP of one class: COCO's mean of precision at 101 recalls. */
function averagePrecision(detections: readonly JudgedDetection[], truths: number): number {
  const ranked = detections.toSorted((one, other) => other.score - one.score);
  const precision = new Float64Array(recallThresholds.length);
  readPrecision(
    {
      order: Int32Array.from(ranked, (_, index) => index),
      scores: Float64Array.from(ranked, ({ score }) => score),
      outcomes: Uint8Array.from(ranked, ({ isRight }) => (isRight ? truePositive : falsePositive)),
      truths,
    },
    0,
    recallThresholds,
    { table: precision, start: 0, stride: 1 },
    undefined,
  );
  return meanOfCounted(precision);
}
