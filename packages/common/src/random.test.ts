import { describe, expect, test } from "vitest";
import { Random } from "./random.ts";

const draw = (random: Random, count: number): readonly number[] => Array.from({ length: count }, () => random.uint32());

test("the stream is mulberry32's, as an independent implementation computes it", () => {
  expect(draw(new Random(1), 3)).toEqual([2_693_262_067, 11_749_833, 2_265_367_787]);
});

describe("fork", () => {
  test("gives the same stream for the same seed and labels, another for any other", () => {
    const streams = [
      new Random(7).fork("epoch", 3),
      new Random(7).fork("epoch", 4),
      new Random(7).fork("batch", 3),
      new Random(7).fork(3, "epoch"),
      new Random(8).fork("epoch", 3),
      new Random(7),
    ].map((random) => draw(random, 5).join());
    expect(new Set(streams).size).toBe(streams.length);
    expect(draw(new Random(7).fork("epoch", 3), 5).join()).toBe(streams[0]);
  });

  test("draws nothing from its parent and doesn't depend on what that has drawn", () => {
    const parent = new Random(11);
    const early = draw(parent.fork("a"), 3);
    const drawn = draw(parent, 3);
    expect(draw(parent.fork("a"), 3)).toEqual(early);
    expect(drawn).toEqual(draw(new Random(11), 3));
  });
});

describe("distributions", () => {
  test("uniform stays in [low, high) and has the interval's mean", () => {
    const random = new Random(2);
    const values = Array.from({ length: 20_011 }, () => random.uniform(-3, 5));
    expect(Math.min(...values)).toBeGreaterThanOrEqual(-3);
    expect(Math.max(...values)).toBeLessThan(5);
    // Standard error of the mean: 8 / sqrt(12 * 20011) = 0.016.
    expect(mean(values)).toBeCloseTo(1, 1);
  });

  test("integer reaches both ends and nothing beyond", () => {
    const random = new Random(3);
    const values = new Set(Array.from({ length: 1_009 }, () => random.integer(-2, 4)));
    expect([...values].toSorted((a, b) => a - b)).toEqual([-2, -1, 0, 1, 2, 3, 4]);
  });

  test("normal has mean 0, variance 1 and the tails of a normal distribution", () => {
    const random = new Random(5);
    const values = Array.from({ length: 40_009 }, () => random.normal());
    expect(mean(values)).toBeCloseTo(0, 1);
    expect(mean(values.map((value) => value ** 2))).toBeCloseTo(1, 1);
    // 4.55 % of the values lie beyond two standard deviations.
    expect(mean(values.map((value) => (Math.abs(value) > 2 ? 1 : 0)))).toBeCloseTo(0.0455, 2);
  });
});

describe("permutation", () => {
  test("holds every number once, in an order that the seed determines", () => {
    const order = new Random(13).permutation(17);
    expect(order.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 17 }, (_, index) => index));
    expect(order).toEqual(new Random(13).permutation(17));
    expect(order).not.toEqual(new Random(14).permutation(17));
    expect(new Random(1).permutation(0)).toEqual([]);
  });

  test("puts each number first equally often", () => {
    const random = new Random(17);
    const first = Array.from({ length: 3_001 }, () => random.permutation(3)[0]);
    for (const value of [0, 1, 2]) expect(mean(first.map((item) => (item === value ? 1 : 0)))).toBeCloseTo(1 / 3, 1);
  });
});

test("choice takes every item", () => {
  const random = new Random(19);
  expect(new Set(Array.from({ length: 101 }, () => random.choice(["a", "b", "c"])))).toEqual(new Set(["a", "b", "c"]));
});

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
