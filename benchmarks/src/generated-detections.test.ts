import { evaluateDetections } from "@detrkit/evaluation";
import { expect, test } from "vitest";
import { generatedDetections } from "./generated-detections.ts";

test("the generated set can be evaluated and is neither solved nor hopeless", () => {
  const { groundTruth, detections } = generatedDetections();
  const { AP50, APs, APl } = evaluateDetections({ groundTruth, detections, type: "bbox" }).metrics;
  expect(AP50).toBeGreaterThan(0.2);
  expect(AP50).toBeLessThan(0.95);
  expect(Math.min(APs, APl)).toBeGreaterThan(0);
});

test("it is the same set every time", () => {
  expect(generatedDetections()).toEqual(generatedDetections());
});
