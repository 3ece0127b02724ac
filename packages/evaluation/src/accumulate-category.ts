import type { CategoryOutcomes } from "./category-outcomes.ts";
import type { EvaluationParameters } from "./evaluation-options.ts";
import type { EvaluationTables } from "./evaluation-tables.ts";
import { readPrecision, truePositive } from "./precision-recall.ts";

/** Writes one category's precision and recall into the tables; leaves -1 if it has no truth that counts. */
export function accumulateCategory(
  tables: EvaluationTables,
  parameters: EvaluationParameters,
  category: number,
  found: CategoryOutcomes,
): void {
  const { thresholdCount, recallCount, categoryCount } = tables;
  const { order, scores } = found;
  const recallThresholds = Float64Array.from(parameters.recallThresholds);
  tables.truthCounts[category] = found.truths[0] as number;
  for (const [area, outcomes] of found.outcomes.entries()) {
    const truths = found.truths[area] as number;
    if (truths === 0) continue;
    const precisionTable = tables.precision[area] as Float64Array;
    const recallTable = tables.recall[area] as Float64Array;
    const ranked = { order, scores, outcomes, truths };
    for (let threshold = 0; threshold < thresholdCount; threshold++) {
      const start = threshold * recallCount * categoryCount + category;
      const column = { table: precisionTable, start, stride: categoryCount };
      const scoreColumn = area === 0 ? { ...column, table: tables.scores } : undefined;
      recallTable[threshold * categoryCount + category] = readPrecision(
        ranked,
        threshold,
        recallThresholds,
        column,
        scoreColumn,
      );
    }
  }
  for (const [index, limit] of parameters.maxDetections.entries()) {
    const truths = found.truths[0] as number;
    if (truths === 0) continue;
    recallAtLimit(tables.recallAtLimits[index] as Float64Array, found, category, limit, categoryCount);
  }
}

/** Recall when only the best `limit` detections of each image count. */
function recallAtLimit(
  table: Float64Array,
  found: CategoryOutcomes,
  category: number,
  limit: number,
  categoryCount: number,
): void {
  const { ranks, outcomes, truths } = found;
  const all = outcomes[0] as Uint8Array;
  const thresholdCount = table.length / categoryCount;
  for (let threshold = 0; threshold < thresholdCount; threshold++) {
    let right = 0;
    for (let detection = 0; detection < ranks.length; detection++) {
      if (all[threshold * ranks.length + detection] === truePositive && (ranks[detection] as number) < limit) right++;
    }
    table[threshold * categoryCount + category] = right / (truths[0] as number);
  }
}
