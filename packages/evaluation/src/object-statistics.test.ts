import { expect, test } from "vitest";
import { cat, dog, scene } from "../test-support/small-scene.ts";
import { objectStatistics } from "./object-statistics.ts";

test("classes, sizes and places are counted; crowds are not", () => {
  const statistics = objectStatistics(
    scene([
      // sqrt(10 · 20 / 5000) = 0.2, its centre at x 0.95, y 0.2.
      { category: cat, box: [90, 0, 10, 20] },
      { category: cat, box: [0, 0, 100, 50] },
      { category: dog, box: [0, 0, 50, 25], crowd: true },
    ]),
  );
  expect(statistics).toMatchObject({ images: 2, emptyImages: 1, objects: 2, objectsPerImage: [1, 0, 1] });
  expect(statistics.classes).toEqual([
    { categoryId: cat, name: "cat", objects: 2, images: 1 },
    { categoryId: dog, name: "dog", objects: 0, images: 0 },
  ]);
  expect(statistics.sizes.flatMap((count, bin) => (count > 0 ? [[bin, count]] : []))).toEqual([
    [4, 1],
    [19, 1],
  ]);
  const places = statistics.centres.flatMap((row, y) => row.flatMap((count, x) => (count > 0 ? [[y, x]] : [])));
  expect(places).toEqual([
    [3, 15],
    [8, 8],
  ]);
});

test("an object without a box is counted and has no size", () => {
  const groundTruth = scene([{ category: dog, box: [0, 0, 10, 10] }]);
  const [{ bbox: _, ...annotation } = { id: 0, image_id: 0, category_id: 0, area: 0 }] = groundTruth.annotations;
  const statistics = objectStatistics({ ...groundTruth, annotations: [annotation] });
  expect(statistics.objects).toBe(1);
  expect(statistics.sizes.every((count) => count === 0)).toBe(true);
});

test("a set without images has nothing", () => {
  expect(objectStatistics({ images: [], annotations: [], categories: [] })).toMatchObject({
    images: 0,
    emptyImages: 0,
    objectsPerImage: [0],
  });
});
