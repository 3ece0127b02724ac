import type { Attention, Detection } from "@detrkit/client";
import { expect, test } from "vitest";
import { attentionFor, moved, percent, summary, visibleFrom } from "./detections.ts";

const detection = (label: string, score: number, xmin = 10): Detection => ({
  label,
  labelId: 0,
  score,
  box: { xmin, ymin: 20, xmax: xmin + 30, ymax: 60 },
});
const cats = [detection("cat", 0.9), detection("dog", 0.5), detection("cat", 0.25)];

test("the slider leaves what has its score, or more", () => {
  expect(visibleFrom(cats, 0.5)).toEqual(cats.slice(0, 2));
  expect(visibleFrom(cats, 0)).toEqual(cats);
});

test("what was found is one line, the most frequent class first", () => {
  expect(summary(cats)).toBe("3 objects: 2 cat, 1 dog");
  expect(summary(cats.slice(0, 1))).toBe("1 object: 1 cat");
  expect(summary([])).toBe("Nothing from this score on");
  const many = ["a", "b", "c", "d", "e", "f"].map((label) => detection(label, 0.5));
  expect(summary(many)).toBe("6 objects: 1 a, 1 b, 1 c, 1 d, 1 e, …");
  expect(percent(0.9338)).toBe("93.4 %");
});

test.each([
  ["ArrowDown", undefined, 0],
  ["ArrowDown", 1, 2],
  ["ArrowRight", 2, 2],
  ["ArrowUp", undefined, 2],
  ["ArrowLeft", 0, 0],
  ["Home", 2, 0],
  ["End", undefined, 2],
  ["Escape", 1, undefined],
  ["x", 1, 1],
])("%s from %s leads to %s of three", (key, from, to) => {
  expect(moved(key, from, 3)).toBe(to);
});

test("in an empty list no key chooses", () => {
  expect(moved("ArrowDown", undefined, 0)).toBeUndefined();
});

test("an object's attention is that of the nearest box of its class, and none of another object", () => {
  const attention = (width: number): Attention => ({ kind: "dense", width, height: 1, weights: [1] });
  const explained = {
    width: 100,
    height: 100,
    detections: [
      { detection: detection("cat", 0.9, 11.5), attention: attention(1) },
      { detection: detection("cat", 0.9, 10.5), attention: attention(2) },
      { detection: detection("dog", 0.9, 10), attention: attention(3) },
    ],
  };
  expect(attentionFor(detection("cat", 0.9), explained)).toEqual(attention(2));
  expect(attentionFor(detection("cat", 0.9, 60), explained)).toBeUndefined();
  expect(attentionFor(detection("hen", 0.9), explained)).toBeUndefined();
});
