import type { Random } from "@detrkit/common";
import { type Dataset, openDataset } from "@detrkit/datasets";

/** Shorter and longer bound of an image's sides, in pixels. */
const sides = [64, 224] as const;

/** Generated images, each of a size of its own, as one data set. */
export async function imagesOfManySizes(count: number, random: Random): Promise<Dataset> {
  const drawn = [];
  for (let index = 0; index < count; index++) {
    const [width, height] = [random.integer(...sides), random.integer(...sides)];
    drawn.push(await openDataset(`shapes:count=1,size=${width}x${height},seed=${random.integer(0, 2 ** 31)}`));
  }
  let annotations = 0;
  const records = drawn.flatMap((one) =>
    one.records.map((record) => ({ ...record, annotationIds: record.annotationIds.map(() => ++annotations) })),
  );
  const numbered = records.map((record, index) => ({ ...record, id: index + 1 }));
  return { ...(drawn[0] as Dataset), spec: "images of many sizes", records: numbered, length: numbered.length };
}
