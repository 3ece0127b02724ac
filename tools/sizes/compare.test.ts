import { expect, test } from "vitest";
import { problemsOf } from "./compare.ts";

test("an entry point over its budget, without one, or that is gone, is named", () => {
  const sizes = new Map([
    ["small", 999],
    ["full", 2000],
    ["over", 2001],
    ["new", 5],
  ]);
  expect(problemsOf(sizes, { small: 1, full: 2, over: 2, gone: 1 })).toEqual([
    "over: 2001 bytes are over its budget of 2 kB; what is new in it, and does it belong there?",
    "new: has no budget; add it to tools/sizes/budgets.ts (5 bytes now)",
    "gone: has a budget, but is no entry point of a public package",
  ]);
});
