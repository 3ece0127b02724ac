import { expect, test } from "vitest";
import { duration, figure, fitted, secondsOf, timePattern } from "./text.ts";

const write = (): void => undefined;
const sentence = "no kernels for x86-64-v4, about as fast: g++ failed (exit code 1)";

test("a line is no wider than the terminal, and goes on indented", () => {
  expect(fitted(`${sentence}\nshort`, { isTTY: true, columns: 40, write })).toBe(
    "no kernels for x86-64-v4, about as\n  fast: g++ failed (exit code 1)\nshort",
  );
});

test("a line keeps its own margin", () => {
  expect(fitted(`  - ${sentence}`, { isTTY: true, columns: 40, write }, "    ")).toBe(
    "  - no kernels for x86-64-v4, about as\n    fast: g++ failed (exit code 1)",
  );
});

test("a file gets its lines whole", () => {
  expect(fitted(sentence, { write })).toBe(sentence);
  expect(fitted(sentence, { isTTY: false, columns: 40, write })).toBe(sentence);
});

test("durations are told in the units a reader thinks in", () => {
  expect([0.4, 59, 61, 3723, 275_000].map(duration)).toEqual(["0 s", "59 s", "1 min 01 s", "1 h 02 min", "3 days 4 h"]);
});

test("a figure has three decimals; what COCO could not measure is a dash", () => {
  expect([0.12345, 0, -1, undefined].map(figure)).toEqual(["0.123", "0.000", "-", "-"]);
});

test.each([
  ["90", 90],
  [90, 90],
  ["90s", 90],
  ["2m", 120],
  ["1.5h", 5400],
  ["0.25", 0.25],
])("%s is a time of %d seconds", (time, seconds) => {
  expect(String(time)).toMatch(timePattern);
  expect(secondsOf(time)).toBe(seconds);
});

test.each(["", "2 m", "-1", "m", "2d", "1e3"])('"%s" is no time', (time) => {
  expect(time).not.toMatch(timePattern);
});
