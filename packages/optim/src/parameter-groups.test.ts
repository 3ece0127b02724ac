import { expect, test } from "vitest";
import { ParameterGroups } from "./parameter-groups.ts";

test("the first group that fits has the parameter", () => {
  const groups = new ParameterGroups(
    [
      { match: ["backbone.**", "**.bias"], learningRate: 1 },
      { match: "backbone.stem.**", learningRate: 2 },
      { learningRate: 3 },
    ],
    "AdamW",
  );
  expect(["backbone.stem.weight", "classHead.bias", "classHead.weight"].map((path) => groups.indexOf(path))).toEqual([
    0, 0, 2,
  ]);
});

test("a parameter of no group is an error that says how to mend it", () => {
  expect(() => new ParameterGroups([{ match: "a.*", learningRate: 1 }], "AdamW").indexOf("b.weight")).toThrow(
    'AdamW: no group has "b.weight". Add a last group without match, or freeze the parameter',
  );
});
