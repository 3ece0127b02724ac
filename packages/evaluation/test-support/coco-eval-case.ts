import { evaluateDetections, metricNames } from "@detrkit/evaluation";
import type {
  CocoAnnotation,
  CocoCategory,
  CocoImage,
  CocoResult,
  DetectionEvaluation,
  EvaluationType,
} from "@detrkit/evaluation";
import { DataError } from "@detrkit/common";
import { compareNumbers, type Comparison, type TopicRunner } from "@detrkit/test-utils/recorded";
import { compareDoubles } from "./compare-doubles.ts";
import { compareRecordedEvaluation } from "./coco-eval-recorded.ts";
import { compareRecordedMasks } from "./coco-eval-masks.ts";

/** Curves are stored with six decimals. */
const sixDecimals = { rtol: 0, atol: 5.001e-7 } as const;

interface ExpectedOfType {
  readonly stats: readonly number[];
  readonly recall_all_100?: readonly (readonly number[])[];
  readonly ap50_per_category?: readonly number[];
  readonly precision_iou50_all_100?: readonly (readonly number[])[];
}

interface SingleFile {
  readonly images: readonly CocoImage[];
  readonly categories: readonly CocoCategory[];
  readonly annotations: readonly CocoAnnotation[];
  readonly detections: readonly CocoResult[];
  readonly expected: Readonly<Partial<Record<EvaluationType, ExpectedOfType>>>;
}

/** Recognises by its content what a case holds: one evaluation in one file, one beside its data files, or masks. */
export const run: TopicRunner = async (fixture) => {
  const { json, file } = fixture;
  if ("detections" in json && "expected" in json) return compareSingleFile(json as unknown as SingleFile);
  if ("iouType" in json && "stats" in json) return compareRecordedEvaluation(fixture);
  if ("polygons" in json && "masks" in json) return compareRecordedMasks(fixture);
  throw new DataError(
    `${file}: expected recorded COCO metrics ("detections" and "expected", ` +
      'or "iouType" and "stats") or masks ("polygons" and "masks")',
  );
};

function compareSingleFile({ images, categories, annotations, detections, expected }: SingleFile): Comparison[] {
  const comparisons: Comparison[] = [];
  for (const type of ["bbox", "segm"] as const) {
    const want = expected[type];
    if (want === undefined) continue;
    const evaluation = evaluateDetections({ groundTruth: { images, categories, annotations }, detections, type });
    comparisons.push(...compareOfType(type, evaluation, want));
  }
  return comparisons;
}

function compareOfType(type: EvaluationType, evaluation: DetectionEvaluation, want: ExpectedOfType): Comparison[] {
  const { metrics, perClass, parameters } = evaluation;
  const comparisons = [
    compareDoubles(
      `${type} stats`,
      metricNames.map((name) => metrics[name]),
      want.stats,
    ),
  ];
  if (want.recall_all_100) {
    const got = parameters.iouThresholds.flatMap((_, threshold) =>
      perClass.map((found) => found.perThreshold[threshold]?.AR ?? Number.NaN),
    );
    comparisons.push(compareDoubles(`${type} recall [threshold, category]`, got, want.recall_all_100.flat()));
  }
  if (want.ap50_per_category) {
    comparisons.push(
      compareDoubles(
        `${type} AP50 per category`,
        perClass.map((found) => found.metrics.AP50),
        want.ap50_per_category,
      ),
    );
  }
  if (want.precision_iou50_all_100) {
    const points = parameters.recallThresholds.length;
    const got = perClass.flatMap((found) => [...found.precision.subarray(0, points)]);
    comparisons.push(
      compareNumbers(
        `${type} precision at IoU 0.5 [category, recall]`,
        got,
        want.precision_iou50_all_100.flat(),
        sixDecimals,
      ),
    );
  }
  return comparisons;
}
