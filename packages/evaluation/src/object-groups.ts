import type { EvaluationParameters } from "./evaluation-options.ts";
import { ascendingIndices, orderByKey, orderByScore } from "./object-order.ts";
import type { SelectedObjects } from "./selected-objects.ts";

/**
 * Orders objects by category, then image; within that, detections by descending score, equal scores in file order.
 * Without categories the objects of one image form one group, equal scores by category, then in file order.
 */
export function groupedOrder(
  objects: SelectedObjects,
  parameters: EvaluationParameters,
  scores?: Float64Array,
): Int32Array {
  const { images, categories } = objects;
  const { useCategories, imageIds, categoryIds } = parameters;
  let order = ascendingIndices(images.length);
  if (!useCategories) order = orderByKey(order, categories, categoryIds.length);
  if (scores) order = orderByScore(order, scores);
  order = orderByKey(order, images, imageIds.length);
  return useCategories ? orderByKey(order, categories, categoryIds.length) : order;
}

/** Truths and detections of one category in one image, as ranges (end not included) of the grouped columns. */
export interface ObjectGroup {
  readonly image: number;
  readonly category: number;
  readonly truthStart: number;
  readonly truthEnd: number;
  readonly detectionStart: number;
  /** At most the largest limit of detections after the start. */
  readonly detectionEnd: number;
}

/** Image and category of every object, in grouped order. */
export interface GroupColumns {
  readonly images: Int32Array;
  readonly categories: Int32Array;
}

/** Columns of the objects in grouped order; all have category 0 if categories don't count. */
export function groupColumns(objects: SelectedObjects, order: Int32Array, useCategories: boolean): GroupColumns {
  return {
    images: order.map((index) => objects.images[index] as number),
    categories: useCategories
      ? order.map((index) => objects.categories[index] as number)
      : new Int32Array(order.length),
  };
}

/** Walks truths and detections side by side: one list of groups per category, images ascending. */
export function groupsByCategory(
  truths: GroupColumns,
  detections: GroupColumns,
  categoryCount: number,
  maxDetections: number,
): ObjectGroup[][] {
  const groups: ObjectGroup[][] = Array.from({ length: categoryCount }, () => []);
  let truth = 0;
  let detection = 0;
  while (truth < truths.images.length || detection < detections.images.length) {
    const truthCategory = truths.categories[truth] ?? categoryCount;
    const detectionCategory = detections.categories[detection] ?? categoryCount;
    const category = Math.min(truthCategory, detectionCategory);
    const truthImage = truthCategory === category ? (truths.images[truth] as number) : Number.POSITIVE_INFINITY;
    const detectionImage =
      detectionCategory === category ? (detections.images[detection] as number) : Number.POSITIVE_INFINITY;
    const image = Math.min(truthImage, detectionImage);
    const truthStart = truth;
    const detectionStart = detection;
    while (truths.categories[truth] === category && truths.images[truth] === image) truth++;
    while (detections.categories[detection] === category && detections.images[detection] === image) detection++;
    const detectionEnd = Math.min(detection, detectionStart + maxDetections);
    groups[category]?.push({ image, category, truthStart, truthEnd: truth, detectionStart, detectionEnd });
  }
  return groups;
}
