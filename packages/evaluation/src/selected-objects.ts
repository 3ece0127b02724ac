import type { EvaluationParameters } from "./evaluation-options.ts";

/** The annotations or results that count, as parallel columns in file order. */
export interface SelectedObjects {
  /** Position of each in the list it comes from. */
  readonly entries: Int32Array;
  /** Index of its image among `imageIds`. */
  readonly images: Int32Array;
  /** Index of its category among `categoryIds`. */
  readonly categories: Int32Array;
  /** Number of objects left out because their category id is not among the ground truth's categories. */
  readonly ofUnknownCategory: number;
}

interface Located {
  readonly image_id: number;
  readonly category_id: number;
}

/** Chooses what belongs to the images and categories that are counted. */
export function selectObjects(
  objects: readonly Located[],
  parameters: EvaluationParameters,
  knownCategories: ReadonlySet<number>,
): SelectedObjects {
  const imageIndex = new Map(parameters.imageIds.map((id, index) => [id, index]));
  const categoryIndex = new Map(parameters.categoryIds.map((id, index) => [id, index]));
  const entries = new Int32Array(objects.length);
  const images = new Int32Array(objects.length);
  const categories = new Int32Array(objects.length);
  let count = 0;
  let ofUnknownCategory = 0;
  for (let entry = 0; entry < objects.length; entry++) {
    const { image_id, category_id } = objects[entry] as Located;
    const image = imageIndex.get(image_id);
    const category = categoryIndex.get(category_id);
    if (category === undefined && !knownCategories.has(category_id)) ofUnknownCategory++;
    if (image === undefined || category === undefined) continue;
    entries[count] = entry;
    images[count] = image;
    categories[count] = category;
    count++;
  }
  return {
    entries: entries.subarray(0, count),
    images: images.subarray(0, count),
    categories: categories.subarray(0, count),
    ofUnknownCategory,
  };
}
