import { ConfigError } from "@detrkit/common";
import type { CocoGroundTruth, CocoResult, EvaluationType } from "./coco-types.ts";

/** Settings of an evaluation; each default is COCO's. */
export interface EvaluationSettings {
  /** Count these images only. */
  readonly imageIds?: readonly number[];
  /** Count these categories only. */
  readonly categoryIds?: readonly number[];
  /** `false` treats all categories as one: it measures the boxes, whatever their label. */
  readonly useCategories?: boolean;
  /**
   * Three limits of detections per image and class. `AR1`, `AR10` and `AR100` are measured at them, all else at the
   * largest.
   */
  readonly maxDetections?: readonly number[];
  /** `AP` is the mean over these; `AP50` and `AP75` are -1 where 0.5 and 0.75 are not among them. */
  readonly iouThresholds?: readonly number[];
  /** Recalls at which precision is measured. */
  readonly recallThresholds?: readonly number[];
}

/** What `evaluateDetections` takes. */
export interface EvaluationOptions extends EvaluationSettings {
  readonly groundTruth: CocoGroundTruth;
  readonly detections: readonly CocoResult[];
  readonly type: EvaluationType;
}

/** Settings with every default filled in; lists ascending. */
export interface EvaluationParameters {
  readonly type: EvaluationType;
  readonly imageIds: readonly number[];
  readonly categoryIds: readonly number[];
  readonly useCategories: boolean;
  readonly maxDetections: readonly [number, number, number];
  readonly iouThresholds: readonly number[];
  readonly recallThresholds: readonly number[];
}

/** Numbers from `first` to `last` in equal steps, computed as NumPy does, so that thresholds agree to the last bit. */
function evenlySpaced(first: number, last: number, count: number): number[] {
  const step = (last - first) / (count - 1);
  return Array.from({ length: count }, (_, index) => (index === count - 1 ? last : first + index * step));
}

function idsToCount(
  chosen: readonly number[] | undefined,
  entries: readonly { readonly id: number }[],
  option: string,
  list: string,
): number[] {
  const known = new Set(entries.map((entry) => entry.id));
  for (const id of chosen ?? []) {
    if (!known.has(id))
      throw new ConfigError(
        `evaluateDetections: ${option} contains ${id}, which is not among the ground truth's ${list}`,
      );
  }
  return [...new Set(chosen ?? known)].sort((a, b) => a - b);
}

function threeLimits(limits: readonly number[]): [number, number, number] {
  const [first, second, third, ...others] = limits.toSorted((a, b) => a - b);
  if (
    first === undefined ||
    second === undefined ||
    third === undefined ||
    others.length > 0 ||
    limits.some((limit) => !Number.isInteger(limit) || limit < 1)
  ) {
    throw new ConfigError(
      "evaluateDetections: maxDetections expects three whole numbers from 1 up, such as [1, 10, 100]; " +
        `got [${limits.join(", ")}]`,
    );
  }
  return [first, second, third];
}

function thresholds(values: readonly number[], option: string): readonly number[] {
  if (
    values.length === 0 ||
    values.some((value, index) => !(value >= 0 && value <= 1 && value >= (values[index - 1] ?? 0)))
  ) {
    throw new ConfigError(
      `evaluateDetections: ${option} expects ascending numbers between 0 and 1, got [${values.join(", ")}]`,
    );
  }
  return values;
}

/** Fills in defaults and checks what was given. */
export function resolveParameters(
  options: EvaluationSettings & Pick<EvaluationOptions, "groundTruth" | "type">,
): EvaluationParameters {
  const { groundTruth, type } = options;
  if (type !== "bbox" && type !== "segm") {
    throw new ConfigError(`evaluateDetections: type expects "bbox" or "segm", got ${JSON.stringify(type)}`);
  }
  return {
    type,
    imageIds: idsToCount(options.imageIds, groundTruth.images, "imageIds", "images"),
    categoryIds: idsToCount(options.categoryIds, groundTruth.categories, "categoryIds", "categories"),
    useCategories: options.useCategories ?? true,
    maxDetections: threeLimits(options.maxDetections ?? [1, 10, 100]),
    iouThresholds: thresholds(options.iouThresholds ?? evenlySpaced(0.5, 0.95, 10), "iouThresholds"),
    recallThresholds: thresholds(options.recallThresholds ?? evenlySpaced(0, 1, 101), "recallThresholds"),
  };
}
