import { Random } from "@detrkit/common";
import type { CocoBox } from "@detrkit/masks";
import { expect, test } from "vitest";
import { metricNames } from "./coco-metrics.ts";
import type { CocoAnnotation, CocoGroundTruth, CocoResult } from "./coco-types.ts";
import { evaluateDetections } from "./evaluate-detections.ts";

const images = [7, 3, 5].map((id) => ({ id, width: 227, height: 223 }));
const categories = [
  { id: 2, name: "cat" },
  { id: 13, name: "dog" },
];

function truth(annotations: readonly Omit<CocoAnnotation, "area">[]): CocoGroundTruth {
  return {
    images,
    categories,
    annotations: annotations.map((annotation) => ({
      ...annotation,
      area: (annotation.bbox?.[2] ?? 0) * (annotation.bbox?.[3] ?? 0),
    })),
  };
}

const box = (imageId: number, categoryId: number, bbox: CocoBox, score: number): CocoResult => ({
  image_id: imageId,
  category_id: categoryId,
  bbox,
  score,
});

/** Truths at random, most of them found with some error, and some false alarms; all scores differ. */
function randomSet(seed: number): { readonly groundTruth: CocoGroundTruth; readonly detections: CocoResult[] } {
  const random = new Random(seed);
  const randomBox = (): CocoBox => [
    random.integer(3, 150),
    random.integer(3, 150),
    random.integer(5, 60),
    random.integer(5, 60),
  ];
  const annotations = Array.from({ length: 29 }, (_, index) => ({
    id: index + 1,
    image_id: random.choice([3, 5, 7]),
    category_id: random.choice([2, 13]),
    bbox: randomBox(),
    iscrowd: random.integer(0, 6) === 0 ? 1 : 0,
  }));
  const found = annotations.map(({ image_id, category_id, bbox: [left, top, width, height] }) => ({
    image_id,
    category_id,
    bbox: [left + random.integer(-3, 3), top + random.integer(-3, 3), width, height] as const,
    score: random.uniform(),
  }));
  const alarms = Array.from({ length: 17 }, () =>
    box(random.choice([3, 5, 7]), random.choice([2, 13]), randomBox(), random.uniform()),
  );
  return { groundTruth: truth(annotations), detections: [...found, ...alarms] };
}

test("a value computed by hand: of two objects one is found, behind a false alarm", () => {
  const groundTruth = truth([
    { id: 1, image_id: 3, category_id: 2, bbox: [10, 10, 40, 40] },
    { id: 2, image_id: 5, category_id: 2, bbox: [10, 10, 40, 40] },
  ]);
  // IoU 1600 / 2000 = 0.8, so that it counts for 7 of the 10 thresholds.
  const detections = [box(3, 2, [10, 10, 40, 50], 0.6), box(7, 2, [10, 10, 40, 40], 0.9)];
  const { metrics, perClass, perThreshold } = evaluateDetections({ groundTruth, detections, type: "bbox" });
  // Precision is 1/2 up to recall 1/2, which are 51 of the 101 points.
  expect(metrics.AP50).toBeCloseTo((51 / 101) * 0.5, 14);
  expect(metrics.AP).toBeCloseTo(0.7 * (51 / 101) * 0.5, 14);
  expect(metrics.AR100).toBeCloseTo(0.35, 14);
  expect(metrics).toMatchObject({ APs: -1, APl: -1, AR1: metrics.AR100 });
  expect(perThreshold.map(({ AR }) => AR)).toEqual([0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0, 0, 0]);
  expect(perClass.map(({ name, truths, detections: count }) => [name, truths, count])).toEqual([
    ["cat", 2, 2],
    ["dog", 0, 0],
  ]);
  expect([perClass[0]?.precision[0], perClass[0]?.precision[50], perClass[0]?.precision[51]]).toEqual([0.5, 0.5, 0]);
  expect([perClass[0]?.scores[50], perClass[0]?.scores[51]]).toEqual([0.6, 0]);
});

test("the truth itself, as detections, is perfect", () => {
  const { groundTruth } = randomSet(1);
  const counted = groundTruth.annotations.filter((annotation) => annotation.iscrowd === 0);
  const detections = counted.map(({ image_id, category_id, bbox }, index) => ({
    image_id,
    category_id,
    ...(bbox ? { bbox } : {}),
    score: 1 - index / 100,
  }));
  const { metrics } = evaluateDetections({ groundTruth, detections, type: "bbox" });
  for (const name of ["AP", "AP50", "AP75", "APs", "APm", "AR100"] as const) expect(metrics[name]).toBeCloseTo(1, 14);
});

test("the order of detections, annotations and images changes nothing when scores differ", () => {
  const { groundTruth, detections } = randomSet(2);
  const want = evaluateDetections({ groundTruth, detections, type: "bbox" }).metrics;
  const random = new Random(17);
  const shuffled = <Item>(items: readonly Item[]): Item[] =>
    Array.from(random.permutation(items.length), (index) => items[index] as Item);
  const mixed = {
    ...groundTruth,
    images: shuffled(groundTruth.images),
    annotations: shuffled(groundTruth.annotations),
  };
  expect(evaluateDetections({ groundTruth: mixed, detections: shuffled(detections), type: "bbox" }).metrics).toEqual(
    want,
  );
});

test("duplicates lower precision and leave recall", () => {
  const { groundTruth, detections } = randomSet(3);
  const once = evaluateDetections({ groundTruth, detections, type: "bbox" }).metrics;
  const copies = detections.map((detection) => ({ ...detection, score: detection.score * 0.999 }));
  const twice = evaluateDetections({ groundTruth, detections: [...detections, ...copies], type: "bbox" }).metrics;
  expect(twice.AP).toBeLessThan(once.AP);
  expect(twice.AR100).toBe(once.AR100);
});

test("of the scores only their order matters", () => {
  const { groundTruth, detections } = randomSet(4);
  const want = evaluateDetections({ groundTruth, detections, type: "bbox" }).metrics;
  const squeezed = detections.map((detection) => ({ ...detection, score: detection.score ** 3 / 5 }));
  expect(evaluateDetections({ groundTruth, detections: squeezed, type: "bbox" }).metrics).toEqual(want);
});

test("masks that fill boxes of whole pixels give the boxes' figures and matches", () => {
  const { groundTruth, detections } = randomSet(5);
  const asBoxes = evaluateDetections({ groundTruth, detections, type: "bbox" });
  const asMasks = evaluateDetections({ groundTruth, detections, type: "segm" });
  expect(asMasks.metrics).toEqual(asBoxes.metrics);
  expect(asMasks.perImage).toEqual(asBoxes.perImage);
});

test("a crowd takes any number of detections and counts neither for nor against", () => {
  const groundTruth = truth([
    { id: 1, image_id: 3, category_id: 2, bbox: [0, 0, 100, 100], iscrowd: 1 },
    { id: 2, image_id: 3, category_id: 2, bbox: [150, 150, 20, 20] },
  ]);
  const detections = [
    box(3, 2, [10, 10, 20, 20], 0.9),
    box(3, 2, [40, 40, 20, 20], 0.8),
    box(3, 2, [150, 150, 20, 20], 0.7),
  ];
  const { metrics, perImage } = evaluateDetections({ groundTruth, detections, type: "bbox" });
  expect(metrics.AP).toBeCloseTo(1, 14);
  expect([...(perImage[0]?.matches.subarray(0, 3) ?? [])]).toEqual([0, 0, 1]);
  expect([...(perImage[0]?.truthIgnored ?? [])]).toEqual([1, 0]);
});

test("no detections give 0 where there is truth and -1 where there is nothing to count", () => {
  const groundTruth = truth([{ id: 1, image_id: 3, category_id: 2, bbox: [10, 10, 20, 20] }]);
  const { metrics, perClass, perImage } = evaluateDetections({ groundTruth, detections: [], type: "bbox" });
  expect(metrics).toMatchObject({ AP: 0, AP50: 0, APs: 0, APm: -1, APl: -1, AR1: 0, AR100: 0, ARm: -1 });
  expect(perClass.map((found) => found.metrics.AP)).toEqual([0, -1]);
  expect(perImage).toHaveLength(1);
  const nothing = evaluateDetections({
    groundTruth: truth([]),
    detections: [box(3, 2, [1, 1, 5, 5], 0.5)],
    type: "bbox",
  });
  expect(metricNames.map((name) => nothing.metrics[name])).toEqual(metricNames.map(() => -1));
});

test("without categories a wrong label does no harm", () => {
  const groundTruth = truth([{ id: 1, image_id: 3, category_id: 2, bbox: [10, 10, 20, 20] }]);
  const detections = [box(3, 13, [10, 10, 20, 20], 0.5)];
  expect(evaluateDetections({ groundTruth, detections, type: "bbox" }).metrics.AP).toBe(0);
  const { metrics, perClass } = evaluateDetections({ groundTruth, detections, type: "bbox", useCategories: false });
  expect(metrics.AP).toBeCloseTo(1, 14);
  expect(perClass.map(({ categoryId, name }) => [categoryId, name])).toEqual([[-1, "all categories"]]);
});

test("what COCO's rules leave out is said", () => {
  const groundTruth = truth([
    { id: 0, image_id: 3, category_id: 2, bbox: [10, 10, 20, 20] },
    { id: 1, image_id: 3, category_id: 99, bbox: [1, 1, 5, 5] },
  ]);
  const { warnings, metrics } = evaluateDetections({
    groundTruth,
    detections: [box(3, 2, [10, 10, 20, 20], 0.5), box(3, 98, [1, 1, 5, 5], 0.5)],
    type: "bbox",
  });
  expect(warnings).toEqual([
    "1 annotations were not counted: their category_id is not among the ground truth's categories.",
    "1 results were not counted: their category_id is not among the ground truth's categories.",
    "The annotation with id 0 can't be matched, as in pycocotools, and lowers the figures: number annotations from 1.",
  ]);
  expect(metrics.AP).toBe(0);
});

test("settings that make no sense are refused", () => {
  const groundTruth = truth([]);
  const base = { groundTruth, detections: [], type: "bbox" } as const;
  expect(() => evaluateDetections({ ...base, imageIds: [3, 4] })).toThrow(
    "imageIds contains 4, which is not among the ground truth's images",
  );
  expect(() => evaluateDetections({ ...base, categoryIds: [1] })).toThrow("categoryIds contains 1");
  expect(() => evaluateDetections({ ...base, maxDetections: [1, 10] })).toThrow(
    "maxDetections expects three whole numbers from 1 up, such as [1, 10, 100]; got [1, 10]",
  );
  expect(() => evaluateDetections({ ...base, iouThresholds: [0.5, 0.3] })).toThrow(
    "iouThresholds expects ascending numbers between 0 and 1, got [0.5, 0.3]",
  );
});

test("objects without what is compared are named", () => {
  const shapeless = {
    images: [{ id: 3, width: 0, height: 0 }],
    categories,
    annotations: [{ id: 41, image_id: 3, category_id: 2, area: 7 }],
  };
  expect(() => evaluateDetections({ groundTruth: shapeless, detections: [], type: "bbox" })).toThrow(
    'annotation 41 has no bbox, which type "bbox" compares',
  );
  const detections = [box(3, 2, [1, 1, 5, 5], 0.5)];
  expect(() => evaluateDetections({ groundTruth: shapeless, detections, type: "segm" })).toThrow(
    "a result of image 3: drawing its polygon needs the image's size",
  );
});
