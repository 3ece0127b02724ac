import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { evaluateDetections, metricNames, readCocoGroundTruth, readCocoResults } from "@detrkit/evaluation";
import type {
  CocoGroundTruth,
  CocoResult,
  DetectionEvaluation,
  EvaluationSettings,
  EvaluationType,
  ImageEvaluation,
} from "@detrkit/evaluation";
import { DataError } from "@detrkit/common";
import { compareExactly, type Comparison, type Fixture } from "@detrkit/test-utils/recorded";
import { compareDoubles } from "./compare-doubles.ts";

interface RecordedImage {
  readonly image_id: number;
  readonly category_id: number;
  /** From 1, by falling score. */
  readonly dtIds: readonly number[];
  /** Those that count first. */
  readonly gtIds: readonly number[];
  readonly gtIgnore: readonly number[];
  readonly dtScores: readonly number[];
  readonly dtMatches: readonly (readonly number[])[];
  readonly gtMatches: readonly (readonly number[])[];
  readonly dtIgnore: readonly (readonly number[])[];
}

interface RecordedClass extends Readonly<Record<string, unknown>> {
  readonly category_id: number;
  readonly n_gt_counted: number;
  readonly n_dt: number;
  readonly AP_by_iou: readonly number[];
  readonly recall_by_iou: readonly number[];
}

interface Recorded {
  readonly iouType: EvaluationType;
  readonly gt: string;
  readonly dt: string;
  readonly params: {
    readonly iouThrs: readonly number[];
    readonly recThrs: readonly number[];
    readonly maxDets: readonly number[];
  };
  readonly stats_names: readonly (keyof DetectionEvaluation["metrics"])[];
  readonly stats: readonly number[];
  readonly per_class: readonly RecordedClass[];
  readonly per_image: readonly RecordedImage[];
  readonly ious: readonly (readonly [imageId: number, categoryId: number, ious: readonly (readonly number[])[]])[];
  readonly variants?: Readonly<Record<string, readonly number[] | readonly (readonly number[])[]>>;
}

/** Compares with a recording whose ground truth and results lie in files beside it. */
export async function compareRecordedEvaluation({ json, file }: Fixture): Promise<Comparison[]> {
  const want = json as unknown as Recorded;
  const truthFile = join(dirname(file), want.gt);
  const resultsFile = join(dirname(file), want.dt);
  const groundTruth = readCocoGroundTruth(await readFile(truthFile, "utf8"), truthFile);
  const detections = readCocoResults(await readFile(resultsFile, "utf8"), resultsFile, groundTruth);
  const evaluation = evaluateDetections({ groundTruth, detections, type: want.iouType });
  const { metrics, parameters } = evaluation;
  return [
    compareExactly("IoU thresholds", parameters.iouThresholds, want.params.iouThrs),
    compareExactly("recall thresholds", parameters.recallThresholds, want.params.recThrs),
    compareExactly("limits of detections", parameters.maxDetections, want.params.maxDets),
    compareDoubles(
      "stats",
      want.stats_names.map((name) => metrics[name]),
      want.stats,
    ),
    ...want.per_class.flatMap((recorded) => compareClass(evaluation, recorded, want.stats_names)),
    ...want.per_image.flatMap((recorded) => compareImage(evaluation, recorded)),
    ...want.ious.map(([imageId, categoryId, ious]) =>
      compareDoubles(
        `IoUs of image ${imageId}, category ${categoryId}`,
        imageOf(evaluation, imageId, categoryId).ious,
        ious.flat(),
      ),
    ),
    ...Object.entries(want.variants ?? {}).map(([name, numbers]) =>
      compareVariant(name, numbers.flat(), groundTruth, detections, want.iouType),
    ),
  ];
}

function compareClass(
  evaluation: DetectionEvaluation,
  want: RecordedClass,
  names: Recorded["stats_names"],
): Comparison[] {
  const what = `category ${want.category_id}`;
  const found = evaluation.perClass.find(({ categoryId }) => categoryId === want.category_id);
  if (!found) throw new DataError(`${what} was not evaluated`);
  return [
    compareExactly(
      `${what}: numbers of truths and detections`,
      [found.truths, found.detections],
      [want.n_gt_counted, want.n_dt],
    ),
    compareDoubles(
      `${what}: metrics`,
      names.map((name) => found.metrics[name]),
      names.map((name) => Number(want[name])),
    ),
    compareDoubles(
      `${what}: AP by IoU`,
      found.perThreshold.map(({ AP }) => AP),
      want.AP_by_iou,
    ),
    compareDoubles(
      `${what}: recall by IoU`,
      found.perThreshold.map(({ AR }) => AR),
      want.recall_by_iou,
    ),
  ];
}

function imageOf(evaluation: DetectionEvaluation, imageId: number, categoryId: number): ImageEvaluation {
  const found = evaluation.perImage.find((entry) => entry.imageId === imageId && entry.categoryId === categoryId);
  if (!found) throw new DataError(`image ${imageId}, category ${categoryId} was not evaluated`);
  return found;
}

function compareImage(evaluation: DetectionEvaluation, want: RecordedImage): Comparison[] {
  const what = `image ${want.image_id}, category ${want.category_id}`;
  const found = imageOf(evaluation, want.image_id, want.category_id);
  const thresholds = evaluation.parameters.iouThresholds.length;
  const detectionCount = found.detections.length;
  const counted = [...found.truthIds.keys()].toSorted(
    (a, b) => (found.truthIgnored[a] ?? 0) - (found.truthIgnored[b] ?? 0),
  );
  const detectionIds = Array.from(found.detections, (position) => position + 1);
  const truthIds = counted.map((truth) => found.truthIds[truth] ?? Number.NaN);
  const matchOf = (threshold: number, detection: number): number =>
    found.matches[threshold * detectionCount + detection] ?? Number.NaN;
  // The recording has 0 for "unmatched", and a crowd's last match.
  const detectionMatches = Array.from({ length: thresholds }, (_, threshold) =>
    detectionIds.map((_id, detection) => found.truthIds[matchOf(threshold, detection)] ?? 0),
  );
  const truthMatches = Array.from({ length: thresholds }, (_, threshold) =>
    counted.map((truth) => detectionIds.findLast((_id, detection) => matchOf(threshold, detection) === truth) ?? 0),
  );
  const ignored = Array.from(found.matches, (truth) => found.truthIgnored[truth] ?? 0);
  return [
    compareExactly(`${what}: detection ids`, detectionIds, want.dtIds),
    compareExactly(`${what}: truth ids`, truthIds, want.gtIds),
    compareExactly(
      `${what}: ignored truths`,
      counted.map((truth) => found.truthIgnored[truth] ?? Number.NaN),
      want.gtIgnore,
    ),
    compareExactly(`${what}: scores`, found.scores, want.dtScores),
    compareExactly(`${what}: matches of detections`, detectionMatches.flat(), want.dtMatches.flat()),
    compareExactly(`${what}: matches of truths`, truthMatches.flat(), want.gtMatches.flat()),
    compareExactly(`${what}: ignored detections`, ignored, want.dtIgnore.flat()),
  ];
}

/** A variant's name says what differs: `useCats=0`, `catIds=[2, 5, 9]`, `imgIds=every second of the sorted ids`, … */
function compareVariant(
  name: string,
  want: readonly number[],
  groundTruth: CocoGroundTruth,
  detections: readonly CocoResult[],
  type: EvaluationType,
): Comparison {
  const listed = /=(\[[^\]]*\])/.exec(name)?.[1];
  const numbers = listed === undefined ? [] : (JSON.parse(listed) as number[]);
  const [option = ""] = name.split("=");
  const imageIds = groundTruth.images.map(({ id }) => id).toSorted((a, b) => a - b);
  const settings: Readonly<Record<string, EvaluationSettings>> = {
    useCats: { useCategories: false },
    imgIds: { imageIds: imageIds.filter((_, index) => index % 2 === 0) },
    catIds: { categoryIds: numbers },
    maxDets: { maxDetections: numbers },
    iouThrs: { iouThresholds: numbers },
  };
  const setting = settings[option];
  if (setting === undefined)
    throw new DataError(`variant "${name}" is not known, expected one of ${Object.keys(settings).join(", ")}`);
  const { metrics, perThreshold } = evaluateDetections({ groundTruth, detections, type, ...setting });
  const got =
    {
      maxDets: [metrics.AP, metrics.AP50, metrics.AR1, metrics.AR10, metrics.AR100],
      iouThrs: [...perThreshold.map(({ AP }) => AP), ...perThreshold.map(({ AR }) => AR)],
    }[option] ?? metricNames.map((metric) => metrics[metric]);
  return compareDoubles(`variant ${name}`, got, want);
}
