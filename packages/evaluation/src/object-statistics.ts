import type { CocoGroundTruth } from "./coco-types.ts";
import { isBox } from "./object-masks.ts";

/** How often a class occurs. */
export interface ClassCount {
  readonly categoryId: number;
  readonly name: string;
  readonly objects: number;
  /** Images with at least one object of the class. */
  readonly images: number;
}

/** What a data set holds, in numbers. Objects without a box are counted, and have no size or place. */
export interface ObjectStatistics {
  readonly images: number;
  readonly emptyImages: number;
  readonly objects: number;
  /** Every class, ids ascending. */
  readonly classes: readonly ClassCount[];
  /**
   * Objects by relative size, the square root of the part of the image that the box covers: 20 bins from 0 to 1.
   */
  readonly sizes: readonly number[];
  /** Objects by their centre: 16 rows of 16 cells, which divide every image alike. */
  readonly centres: readonly (readonly number[])[];
  /** Images by their number of objects: how many have 0, 1, 2 … */
  readonly objectsPerImage: readonly number[];
}

const sizeBins = 20;
const cells = 16;

/** Which of `count` equal parts of 0 to 1 a value lies in; what lies outside belongs to the first or last. */
function part(value: number, count: number): number {
  return Math.min(count - 1, Math.max(0, Math.floor(value * count)));
}

/** Counts classes, sizes and places of the objects of a data set. Crowds are left out. */
export function objectStatistics({ images, annotations, categories }: CocoGroundTruth): ObjectStatistics {
  const sizes = Array.from({ length: sizeBins }, () => 0);
  const centres = Array.from({ length: cells }, () => Array.from({ length: cells }, () => 0));
  const byImage = new Map(images.map((image) => [image.id, { image, objects: 0 }]));
  const byClass = new Map(categories.map(({ id }) => [id, { objects: 0, images: new Set<number>() }]));
  let objects = 0;
  for (const { image_id, category_id, bbox, iscrowd } of annotations) {
    const place = byImage.get(image_id);
    if (iscrowd === 1 || place === undefined) continue;
    objects += 1;
    place.objects += 1;
    const found = byClass.get(category_id);
    if (found !== undefined) found.objects += 1;
    found?.images.add(image_id);
    if (!isBox(bbox)) continue;
    const [left, top, boxWidth, boxHeight] = bbox;
    const { width, height } = place.image;
    const size = part(Math.sqrt((boxWidth * boxHeight) / (width * height)), sizeBins);
    sizes[size] = (sizes[size] as number) + 1;
    const row = centres[part((top + boxHeight / 2) / height, cells)] as number[];
    const column = part((left + boxWidth / 2) / width, cells);
    row[column] = (row[column] as number) + 1;
  }
  const counts = [...byImage.values()].map((place) => place.objects);
  const most = counts.reduce((largest, count) => Math.max(largest, count), 0);
  const objectsPerImage = Array.from({ length: most + 1 }, () => 0);
  for (const count of counts) objectsPerImage[count] = (objectsPerImage[count] as number) + 1;
  return {
    images: images.length,
    emptyImages: images.length === 0 ? 0 : (objectsPerImage[0] as number),
    objects,
    classes: categories
      .map(({ id, name }) => ({
        categoryId: id,
        name: name ?? String(id),
        objects: byClass.get(id)?.objects ?? 0,
        images: byClass.get(id)?.images.size ?? 0,
      }))
      .toSorted((one, other) => one.categoryId - other.categoryId),
    sizes,
    centres,
    objectsPerImage,
  };
}
