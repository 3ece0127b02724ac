import { Random } from "@detrkit/common";
import { describe, expect, test } from "vitest";
import { boxL1, classProbability, GroupMatcher, HungarianMatcher, type ImagePrediction } from "./index.ts";

const hungarian = new HungarianMatcher({ costs: [classProbability({ weight: 1 }), boxL1({ weight: 5 })] });

/** 15 queries, 3 classes. */
function prediction(seed: number): ImagePrediction {
  const random = new Random(seed);
  const numbers = (length: number): Float32Array => Float32Array.from({ length }, () => random.uniform(0.1, 0.9));
  return { queries: 15, classes: 3, logits: numbers(45), boxes: numbers(60) };
}

const target = {
  labels: Int32Array.of(1, 0),
  boxes: Float32Array.of(0.3, 0.3, 0.2, 0.2, 0.7, 0.6, 0.1, 0.4),
};

describe("GroupMatcher", () => {
  test("matches each group one to one, as if it were alone", () => {
    const whole = prediction(1);
    const { queries, targets } = new GroupMatcher({ matcher: hungarian, groups: 3 }).matchImage(whole, target);
    expect(queries).toEqual(queries.toSorted());
    for (let group = 0; group < 3; group++) {
      const logits = whole.logits.slice(group * 15, group * 15 + 15);
      const boxes = whole.boxes.slice(group * 20, group * 20 + 20);
      const alone = hungarian.matchImage({ queries: 5, classes: 3, logits, boxes }, target);
      const [first, end] = [2 * group, 2 * group + 2];
      expect(queries.slice(first, end)).toEqual(alone.queries.map((query) => 5 * group + query));
      expect(targets.slice(first, end)).toEqual(alone.targets);
    }
  });

  test("one group is the matcher itself, and as many groups as queries give each the best target", () => {
    const whole = prediction(2);
    const matched = (groups: number): Int32Array =>
      new GroupMatcher({ matcher: hungarian, groups }).matchImage(whole, target).queries;
    expect(matched(1)).toEqual(hungarian.matchImage(whole, target).queries);
    expect([...matched(15)]).toEqual(Array.from({ length: 15 }, (_, query) => query));
  });

  test("an image without objects has no pairs", () => {
    const none = { labels: new Int32Array(), boxes: new Float32Array() };
    expect(new GroupMatcher({ matcher: hungarian, groups: 3 }).matchImage(prediction(1), none).queries).toHaveLength(0);
  });

  test("queries that are no whole groups, and groups that are no number, are refused", () => {
    expect(() => new GroupMatcher({ matcher: hungarian, groups: 4 }).matchImage(prediction(1), target)).toThrow(
      "GroupMatcher: 15 queries are not 4 groups of equal size; give the matcher as many groups as the model has",
    );
    expect(() => new GroupMatcher({ matcher: hungarian, groups: 0 })).toThrow(
      "GroupMatcher: groups expected a whole number from 1, got 0",
    );
  });
});
