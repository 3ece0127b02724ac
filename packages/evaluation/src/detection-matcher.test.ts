import { expect, test } from "vitest";
import { DetectionMatcher } from "./detection-matcher.ts";

function match(
  ious: readonly (readonly number[])[],
  flags: {
    readonly ignored?: readonly number[];
    readonly crowd?: readonly number[];
    readonly thresholds?: readonly number[];
  } = {},
): number[][] {
  const truths = ious[0]?.length ?? 0;
  const thresholds = flags.thresholds ?? [0.5];
  const matcher = new DetectionMatcher(thresholds);
  const matches = new Int32Array(thresholds.length * ious.length);
  const none = new Uint8Array(truths);
  matcher.start(Float64Array.from(ious.flat()), ious.length, truths);
  matcher.match(
    flags.ignored ? Uint8Array.from(flags.ignored) : none,
    flags.crowd ? Uint8Array.from(flags.crowd) : none,
    matches,
  );
  return thresholds.map((_, index) => [...matches.subarray(index * ious.length, (index + 1) * ious.length)]);
}

test("each takes the best free truth, whatever a later one needs", () => {
  expect(
    match([
      [0.6, 0.7],
      [0.2, 0.9],
    ]),
  ).toEqual([[1, -1]]);
  expect(
    match([
      [0.6, 0.7],
      [0.8, 0.9],
    ]),
  ).toEqual([[1, 0]]);
});

test("the later of two equal truths wins, and an IoU at the threshold counts", () => {
  expect(match([[0.6, 0.6, 0.5]])).toEqual([[1]]);
  expect(match([[0.5]])).toEqual([[0]]);
  expect(match([[0.7]], { thresholds: [0.5, 0.7, 0.75] })).toEqual([[0], [0], [-1]]);
});

test("a truth that counts goes before a better one that is ignored", () => {
  expect(
    match(
      [
        [0.95, 0.6],
        [0.9, 0.1],
      ],
      { ignored: [1, 0] },
    ),
  ).toEqual([[1, 0]]);
});

test("only a crowd is matched twice", () => {
  expect(match([[0.9], [0.9]], { ignored: [1], crowd: [1] })).toEqual([[0, 0]]);
  expect(match([[0.9], [0.9]], { ignored: [1] })).toEqual([[0, -1]]);
});

test("a perfect overlap that rounding left below 1 matches at threshold 1", () => {
  expect(match([[1 - 1e-12]], { thresholds: [1] })).toEqual([[0]]);
});
