import { type Fixture } from "@detrkit/test-utils/recorded";
import { expect, test } from "vitest";
import { compareDetections } from "./detections.ts";

const scores = [0.9, 0.5, 0.5000001, 0.3, 0.1];

const fixture: Fixture = {
  topic: "models",
  name: "case",
  file: "case.json",
  json: { tolerance: { out: { rtol: 1e-5, atol: 1e-6 } } },
  tensors: new Map([
    ["out.scores", { shape: [5], data: Float32Array.from(scores) }],
    ["out.labels", { shape: [5], data: Int32Array.from([1, 2, 3, 4, 5]) }],
    ["out.boxes", { shape: [5, 4], data: new Float32Array(20) }],
  ]),
};

function passes(labels: readonly number[], ranked: boolean): boolean {
  const image = { scores: Float32Array.from(scores), labels: Int32Array.from(labels), boxes: new Float32Array(20) };
  return compareDetections(fixture, image, (what) => `out.${what}`, { ranked }).every(({ passed }) => passed);
}

test("of ranked detections those count whose scores differ from their neighbours'", () => {
  expect(passes([1, 2, 3, 4, 5], true)).toBe(true);
  // The second and third may change places, and so may the last with what would follow it.
  expect(passes([1, 3, 2, 4, 6], true)).toBe(true);
  expect(passes([2, 2, 3, 4, 5], true)).toBe(false);
  expect(passes([1, 2, 3, 5, 5], true)).toBe(false);
});

test("detections in the queries' order all count", () => {
  expect(passes([1, 2, 3, 4, 5], false)).toBe(true);
  expect(passes([1, 3, 2, 4, 5], false)).toBe(false);
});
