import { areaRanges } from "./area-ranges.ts";
import { boxOverlaps } from "./box-overlaps.ts";
import type { CocoAnnotation, CocoResult } from "./coco-types.ts";
import { resolveParameters } from "./evaluation-options.ts";
import type { EvaluationOptions, EvaluationParameters } from "./evaluation-options.ts";
import { evaluationWarnings } from "./evaluation-warnings.ts";
import { maskOverlaps } from "./mask-overlaps.ts";
import { groupColumns, groupedOrder, groupsByCategory } from "./object-groups.ts";
import type { ObjectGroup } from "./object-groups.ts";
import { ObjectMasks } from "./object-masks.ts";
import { selectObjects } from "./selected-objects.ts";
import type { ShapeOverlaps } from "./shape-overlaps.ts";

/** Truths in grouped order, as parallel columns. `G` truths. */
export interface TruthColumns {
  readonly ids: Float64Array;
  /** 1 for crowds. */
  readonly crowd: Uint8Array;
  /** Per area range `[G]`, 1 for crowds and for truths outside the range. */
  readonly ignored: readonly Uint8Array[];
}

/** Detections in grouped order, as parallel columns. */
export interface DetectionColumns {
  /** Position in the results list. */
  readonly entries: Int32Array;
  readonly scores: Float64Array;
}

/** Everything that matching needs, as typed arrays grouped by category and image. */
export interface PreparedEvaluation {
  readonly parameters: EvaluationParameters;
  /** A list per category; a single list where categories don't count. */
  readonly groups: readonly (readonly ObjectGroup[])[];
  readonly truths: TruthColumns;
  readonly detections: DetectionColumns;
  /** All detections of each category, beyond the limits too. */
  readonly detectionCounts: Int32Array;
  readonly overlaps: ShapeOverlaps;
  readonly warnings: readonly string[];
}

function truthColumns(truths: readonly CocoAnnotation[]): TruthColumns {
  const crowd = Uint8Array.from(truths, (truth) => (truth.iscrowd ? 1 : 0));
  return {
    ids: Float64Array.from(truths, (truth) => truth.id),
    crowd,
    ignored: areaRanges.map((range) =>
      Uint8Array.from(truths, ({ area }, index) =>
        crowd[index] === 1 || area < range.least || area > range.most ? 1 : 0,
      ),
    ),
  };
}

/** Selects, orders and packs what is to be evaluated. */
export function prepareEvaluation(options: EvaluationOptions): PreparedEvaluation {
  const { groundTruth, detections: results } = options;
  const parameters = resolveParameters(options);
  const { useCategories, categoryIds, maxDetections } = parameters;
  const knownCategories = new Set(groundTruth.categories.map((category) => category.id));

  const selectedTruths = selectObjects(groundTruth.annotations, parameters, knownCategories);
  const truthOrder = groupedOrder(selectedTruths, parameters);
  const truthGroups = groupColumns(selectedTruths, truthOrder, useCategories);
  const truths = Array.from(
    truthOrder,
    (index) => groundTruth.annotations[selectedTruths.entries[index] as number] as CocoAnnotation,
  );
  const columns = truthColumns(truths);

  const selectedResults = selectObjects(results, parameters, knownCategories);
  const selectedScores = Float64Array.from(selectedResults.entries, (entry) => (results[entry] as CocoResult).score);
  const detectionOrder = groupedOrder(selectedResults, parameters, selectedScores);
  const detectionGroups = groupColumns(selectedResults, detectionOrder, useCategories);
  const entries = detectionOrder.map((index) => selectedResults.entries[index] as number);
  const detections = Array.from(entries, (entry) => results[entry] as CocoResult);

  const categoryCount = useCategories ? categoryIds.length : 1;
  const detectionCounts = new Int32Array(categoryCount);
  for (const category of detectionGroups.categories) (detectionCounts[category] as number)++;
  const collectOverlaps = parameters.type === "bbox" ? boxOverlaps : maskOverlaps;
  return {
    parameters,
    groups: groupsByCategory(truthGroups, detectionGroups, categoryCount, maxDetections[2]),
    truths: columns,
    detections: { entries, scores: Float64Array.from(detectionOrder, (index) => selectedScores[index] as number) },
    detectionCounts,
    overlaps: collectOverlaps(detections, truths, columns.crowd, new ObjectMasks(groundTruth)),
    warnings: evaluationWarnings(selectedTruths, selectedResults, columns.ids),
  };
}
