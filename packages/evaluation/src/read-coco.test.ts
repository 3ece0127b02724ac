import { DataError } from "@detrkit/common";
import { expect, test } from "vitest";
import { readCocoGroundTruth, readCocoResults } from "./read-coco.ts";

const annotation = { id: 1, image_id: 7, category_id: 2, bbox: [1, 2, 3, 4], area: 12, iscrowd: 0 };
const result = { image_id: 7, category_id: 2, bbox: [1, 2, 3, 4], score: 0.5 };
const good = {
  images: [{ id: 7, width: 11, height: 13 }],
  categories: [{ id: 2, name: "cat" }],
  annotations: [annotation],
};

const readTruth = (value: unknown): unknown => readCocoGroundTruth(JSON.stringify(value), "gt.json");
const readResults = (value: unknown): unknown =>
  readCocoResults(JSON.stringify(value), "dt.json", readCocoGroundTruth(JSON.stringify(good), "gt.json"));

test("what is well formed comes back as it is", () => {
  expect(readTruth(good)).toEqual(good);
  expect(readResults([result])).toEqual([result]);
  expect(readResults([])).toEqual([]);
});

test.each([
  [
    "an image twice",
    { ...good, images: [...good.images, ...good.images] },
    "gt.json: images[1]: id 7 occurs twice; ids must differ",
  ],
  ["no list of categories", { images: [], annotations: [] }, 'gt.json: "categories": expected a list, got nothing'],
  ["results instead", [result], "gt.json: ground truth: expected an object, got a list of 1"],
  [
    "an image that is not there",
    { ...good, annotations: [{ ...annotation, image_id: 8 }] },
    "gt.json: annotations[0]: image_id 8 is not among the images",
  ],
  [
    "no id",
    { ...good, annotations: [{ ...annotation, id: undefined }] },
    "gt.json: annotations[0]: id expected a whole number, got nothing",
  ],
  [
    "no area",
    { ...good, annotations: [{ ...annotation, area: null }] },
    "gt.json: annotations[0]: area expected a finite number, got null",
  ],
  [
    "a negative area",
    { ...good, annotations: [{ ...annotation, area: -1 }] },
    "gt.json: annotations[0]: area expected 0 or more, got -1",
  ],
  [
    "a short box",
    { ...good, annotations: [{ ...annotation, bbox: [1, 2, 3] }] },
    "gt.json: annotations[0]: bbox expected 4 numbers, got 3",
  ],
  [
    "text in a polygon",
    { ...good, annotations: [{ ...annotation, segmentation: [[1, 2, "3"]] }] },
    'gt.json: annotations[0]: segmentation[0][2] expected a finite number, got "3"',
  ],
  [
    "run lengths without size",
    { ...good, annotations: [{ ...annotation, segmentation: { counts: "06" } }] },
    "gt.json: annotations[0]: segmentation.size expected a list of numbers, got nothing",
  ],
])("a ground truth with %s is refused", (_, value, message) => {
  expect(() => readTruth(value)).toThrow(new DataError(message));
});

test.each([
  ["a ground truth instead", good, "dt.json: results: expected a list, got an object"],
  [
    "an image of another data set",
    [result, { ...result, image_id: 9 }],
    "dt.json: results[1]: image_id 9 is not among the ground truth's images; " +
      "results and ground truth must belong together",
  ],
  ["no score", [{ ...result, score: undefined }], "dt.json: results[0]: score expected a finite number, got nothing"],
  [
    "no category",
    [{ ...result, category_id: "cat" }],
    'dt.json: results[0]: category_id expected a whole number, got "cat"',
  ],
  [
    "neither box nor mask",
    [{ ...result, bbox: [] }],
    "dt.json: results[0]: expected a bbox [left, top, width, height] or a segmentation, got neither",
  ],
])("results with %s are refused", (_, value, message) => {
  expect(() => readResults(value)).toThrow(new DataError(message));
});

test("text that is not JSON is refused with the file's name, and NaN's usual origin", () => {
  expect(() => readCocoResults('[{"score": NaN}]', "dt.json")).toThrow(
    /^dt\.json: not valid JSON \(.*\); NaN and Infinity, which Python writes, are not JSON/,
  );
  expect(() => readCocoGroundTruth('{"images": [', "gt.json")).toThrow(/^gt\.json: not valid JSON \([^;]*\)$/);
});
