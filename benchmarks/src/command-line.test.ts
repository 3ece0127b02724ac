import { expect, test } from "vitest";
import { helpText, parseCommandLine } from "./command-line.ts";
import { SetupProblem } from "./python-environment.ts";

const names = ["matcher", "data"];

test("a name and flags, in any order", () => {
  expect(parseCommandLine(["--json", "data", "--runs", "3"], names)).toEqual({
    name: "data",
    json: true,
    quick: false,
    runs: 3,
    help: false,
  });
  expect(parseCommandLine(["--quick"], names)).toMatchObject({ name: undefined, quick: true, runs: undefined });
});

test.each([
  [["walking"], 'there is no comparison "walking"; there are matcher, data'],
  [["matcher", "data"], "one name at a time"],
  [["--runs", "0"], "--runs expected a whole number from 1, got 0"],
  [["--fast"], "--fast"],
])("%j is refused with what would be right", (args, message) => {
  expect(() => parseCommandLine(args, names)).toThrow(SetupProblem);
  expect(() => parseCommandLine(args, names)).toThrow(message);
});

test("the help lists every comparison, in columns however long the names", () => {
  const text = helpText([
    ["matcher", "who takes what"],
    ["walking-by-the-sea-in-winter", "how far"],
  ]);
  expect(text).toMatch(/matcher +who takes what/);
  const columns = text
    .split("\n")
    .filter((line) => /who takes|how far/.test(line))
    .map((line) => line.search(/who|how/));
  expect(columns).toEqual([32, 32]);
});
