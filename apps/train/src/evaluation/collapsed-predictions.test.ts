import type { Detection } from "@detrkit/common";
import { type Dataset, openDataset } from "@detrkit/datasets";
import { expect, test } from "vitest";
import { collapseOf } from "./collapsed-predictions.ts";

const shapes = await openDataset("shapes:count=12,validation=1,size=64,objects=3,classes=3", { split: "train" });

/** Detections of each image, made of its objects; `change` gives what is found in place of one. */
function detected(
  dataset: Dataset,
  change: (found: Detection, image: number) => Detection = (found) => found,
): ReadonlyMap<number, readonly Detection[]> {
  return new Map(
    dataset.records.map(({ boxes, id, labels }, image) => {
      const found = Array.from(labels, (label, index) => {
        const [xmin = 0, ymin = 0, xmax = 0, ymax = 0] = boxes.subarray(index * 4, index * 4 + 4);
        const object = { label: dataset.classes[label] ?? "", labelId: label, score: 0.9 - index / 10 };
        return change({ ...object, box: { xmin, ymin, xmax, ymax } }, image);
      });
      return [id, found] as const;
    }),
  );
}

const oneClass = (found: Detection): Detection => ({ ...found, label: "circle" });
const oneBox = (found: Detection, image: number): Detection => ({
  ...found,
  box: { xmin: 20 + image / 50, ymin: 30, xmax: 40, ymax: 50 },
});

test("what is found where it is, is no collapse", () => {
  expect(collapseOf(detected(shapes), shapes)).toBeUndefined();
});

test("the same best box in all images is one, to a few thousandths", () => {
  expect(collapseOf(detected(shapes, oneBox), shapes)).toBe("the best box of each of 12 images is nearly the same");
  const apart = (found: Detection, image: number): Detection => oneBox(found, 100 * (image % 4));
  expect(collapseOf(detected(shapes, apart), shapes)).toBeUndefined();
});

test("nothing but one class is one, and how much of the truth is another is said", () => {
  const labels = shapes.records.flatMap(({ labels }) => [...labels]);
  const others = Math.round((100 * labels.filter((label) => label !== 0).length) / labels.length);
  expect(collapseOf(detected(shapes, oneClass), shapes)).toBe(
    `${labels.length} of the ${labels.length} best detections are circle, though ${others} % of the objects are not`,
  );
  const mostly = (found: Detection, image: number): Detection => (image > 1 ? oneClass(found) : found);
  expect(collapseOf(detected(shapes, mostly), shapes)).toBeUndefined();
});

test("data that is like that itself is none, nor is what may be chance", async () => {
  const single = await openDataset("shapes:count=30,validation=1,size=64,classes=1", { split: "train" });
  expect(collapseOf(detected(single), single)).toBeUndefined();
  const still = {
    ...shapes,
    records: shapes.records.map((record) => ({
      ...record,
      boxes: record.boxes.map((_, index) => [9, 9, 30, 30][index % 4] ?? 0),
    })),
  };
  expect(collapseOf(detected(still), still)).toBeUndefined();
  const few = { ...shapes, records: shapes.records.slice(0, 5) };
  expect(collapseOf(detected(few, oneBox), few)).toBeUndefined();
  expect(collapseOf(new Map(), shapes)).toBeUndefined();
});

test("stuff is found in the same place of all images, since it lies there: the background is all around", async () => {
  const panoptic = await openDataset("shapes:count=12,validation=1,size=64,objects=3,classes=3,stuff=1");
  const backgroundFirst = new Map(
    [...detected(panoptic)].map(([id, found]) => [id, found.toSorted((one, other) => other.labelId - one.labelId)]),
  );
  expect(collapseOf(backgroundFirst, panoptic)).toBeUndefined();
  const collapsed = new Map([...detected(panoptic, oneBox)].map(([id, found]) => [id, found]));
  expect(collapseOf(collapsed, panoptic)).toBe("the best box of each of 12 images is nearly the same");
});
