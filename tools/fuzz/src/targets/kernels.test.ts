import { ownKernels, useBackend } from "@detrkit/test-utils";
import { expect, test } from "vitest";
import { changed } from "../kernels/hostile.ts";
import { opNames, target } from "./kernels.ts";

useBackend("native");

const sizes = {
  a: 2,
  b: 5,
  c: 3,
  d: 7,
  n: 2,
  m: 3,
  p: 1,
  levels: [
    { height: 3, width: 5 },
    { height: 1, width: 2 },
  ],
};
const check = (given: object): Promise<void> => target.check(new TextEncoder().encode(JSON.stringify(given)), "");

test("every kernel of ours is called", () => {
  expect(ownKernels().length).toBeGreaterThan(0);
  expect(ownKernels().filter((name) => !opNames.includes(name))).toEqual([]);
});

test.each(opNames)("%s computes what fits, with every flag or none, and empty", async (op) => {
  for (const flags of [true, false].map((flag) => Array.from({ length: 6 }, () => flag))) {
    await expect(check({ op, sizes: { ...sizes, flags }, changes: [], seed: 1 })).resolves.toBeUndefined();
    await expect(check({ op, sizes: { ...sizes, a: 0, c: 0, flags }, changes: [], seed: 1 })).resolves.toBeUndefined();
  }
});

test("a change that does not fit is refused by a typed error", async () => {
  const flags = Array.from({ length: 6 }, () => true);
  await expect(
    check({
      op: "linear",
      sizes: { ...sizes, flags },
      changes: [{ kind: "size", at: 1, axis: 0, size: 128 }],
      seed: 1,
    }),
  ).rejects.toThrow("linear: input expected");
  await expect(
    check({
      op: "DetrkitMaxPool",
      sizes: { ...sizes, flags },
      changes: [{ kind: "attribute", at: 2, within: 0, value: 2 ** 31 }],
      seed: 1,
    }),
  ).rejects.toThrow("max pool: padding expected");
});

test("changes are what they say", () => {
  const call = {
    inputs: [{ shape: [2, 3] }, { shape: [] }],
    attributes: { rate: 0.5, levelShapes: [{ height: 1, width: 2 }] },
  };
  expect(changed(call, [{ kind: "size", at: 2, axis: 1, size: 9 }]).inputs).toEqual([{ shape: [2, 9] }, { shape: [] }]);
  expect(
    changed(call, [
      { kind: "missing", at: 0 },
      { kind: "extra", at: 1, shape: [4] },
    ]).inputs,
  ).toEqual([{ shape: [] }, { shape: [4] }]);
  expect(
    changed(call, [
      { kind: "type", at: 0, dtype: "int32" },
      { kind: "disposed", at: 0 },
    ]).inputs[0],
  ).toEqual({ shape: [2, 3], dtype: "int32", disposed: true });
  expect(changed(call, [{ kind: "attribute", at: 0, within: 0, value: "NaN" }]).attributes).toEqual({
    ...call.attributes,
    rate: NaN,
  });
  expect(changed(call, [{ kind: "attribute", at: 1, within: 0, value: -1 }]).attributes["levelShapes"]).toEqual([
    { height: -1, width: 2 },
  ]);
  expect(changed(call, [{ kind: "value", at: 0, element: 7, value: "-Infinity" }]).inputs[0]).toEqual({
    shape: [2, 3],
    specials: [{ element: 7, value: -Infinity }],
  });
});
