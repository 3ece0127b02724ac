import { expect, test } from "vitest";
import { editDistance } from "./edit-distance.ts";

test.each([
  ["", "", 0],
  ["epochs", "epochs", 0],
  ["", "abc", 3],
  ["abc", "", 3],
  ["kitten", "sitting", 3],
  ["trian", "train", 1],
])("from %j to %j: %d", (from, to, expected) => {
  expect(editDistance(from, to)).toBe(expected);
  expect(editDistance(to, from)).toBe(expected);
});

test.each([
  ["*", "", 0],
  ["*", "backbone.stem.weight", 0],
  ["backbon.*", "backbone.stem.weight", 1],
  ["*.baises", "classHead.bias", 3],
  ["a*c", "ac", 0],
  ["a*c", "abbd", 1],
])("with a wildcard, from %j to %j: %d", (from, to, expected) => {
  expect(editDistance(from, to, { wildcard: "*" })).toBe(expected);
});

test("a wildcard is a letter like others where it is not one", () => {
  expect(editDistance("a*", "abc")).toBe(2);
});
