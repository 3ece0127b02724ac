import { evaluateDetections } from "@detrkit/evaluation";
import { expect, test } from "vitest";
import { classTable, metricsText, summariseEvaluation } from "./metrics-text.ts";

const evaluation = evaluateDetections({
  type: "bbox",
  groundTruth: {
    images: [{ id: 1, width: 101, height: 101 }],
    categories: [
      { id: 3, name: "cell" },
      { id: 5, name: "dust" },
    ],
    annotations: [{ id: 1, image_id: 1, category_id: 3, bbox: [10, 10, 20, 20], area: 400, iscrowd: 0 }],
  },
  detections: [{ image_id: 1, category_id: 3, bbox: [10, 10, 20, 20], score: 0.75 }],
});

test("the twelve figures come in COCO's order, with -1 where there is nothing to count", () => {
  const lines = metricsText(evaluation.metrics).trimEnd().split("\n");
  expect(lines).toHaveLength(12);
  expect(lines[0]).toBe(" AP    Average Precision @[ IoU=0.50:0.95 | area=   all | maxDets=100 ] = 1.000");
  expect(lines[5]).toContain("area= large");
  expect(lines[5]).toContain("= -1.000");
});

test("the class table leaves out classes that nobody saw", () => {
  expect(classTable(evaluation.perClass).split("\n")).toEqual([
    "class  objects    found      AP    AP50    AP75   AR100",
    "cell         1        1   1.000   1.000   1.000   1.000",
    "",
  ]);
});

test("the report gets each class with objects and its precision at IoU 0.5", () => {
  const { classes, precisionRecall } = summariseEvaluation({ evaluation });
  const [cell] = evaluation.perClass;
  expect(classes).toEqual([
    {
      label: "cell",
      labelId: 3,
      objects: 1,
      AP: cell?.metrics.AP,
      AP50: cell?.metrics.AP50,
      AP75: cell?.metrics.AP75,
      AR100: 1,
    },
  ]);
  expect(precisionRecall).toHaveLength(1);
  expect(precisionRecall[0]?.precision.map((value) => value.toFixed(6))).toEqual(
    Array.from({ length: 101 }, () => "1.000000"),
  );
});
