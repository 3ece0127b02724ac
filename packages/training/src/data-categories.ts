import { categoriesOf, type Dataset } from "@detrkit/datasets";
import type { Category } from "@detrkit/detr";

/** The classes of a data set as a detector has them, those of stuff marked. */
export function dataCategories(dataset: Pick<Dataset, "classes" | "categoryIds" | "things">): Category[] {
  return categoriesOf(dataset).map(({ id, name, isthing }) => ({ id, name, ...(isthing === 0 && { isThing: false }) }));
}
