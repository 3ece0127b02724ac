import { PickleGlobal, PickleRecord, type PickleValue } from "@detrkit/checkpoint";
import { expect, test } from "vitest";
import { differenceOf } from "./plain-values.ts";

const namespace = new PickleRecord("argparse.Namespace", []);
namespace.state = new Map<PickleValue, PickleValue>([
  ["lr", 0.5],
  ["opt", null],
]);

test.each<[PickleValue, unknown]>([
  [
    [1, [2, null]],
    [1, [2, null]],
  ],
  [new Set([2, 3]), [2, 3]],
  [
    new Map<PickleValue, PickleValue>([
      [5, "int key"],
      ["a", true],
    ]),
    { 5: "int key (the key is the number 5)", a: true },
  ],
  [namespace, { lr: 0.5, opt: null }],
  [Uint8Array.of(0, 255), "00ff"],
  [-(2n ** 70n), "-1180591620717411303424 (big int, as text here)"],
  [new PickleGlobal("torch.float32"), "torch.float32"],
  [[0, 1, 2], "0..2"],
  ["ababab", "'ab' repeated 3 times"],
])("%o is what JSON says: %o", (got, want) => {
  expect(differenceOf(got, want, "x")).toBeUndefined();
});

test.each<[PickleValue | undefined, unknown, string]>([
  [[1, [2, 3]], [1, [2, 5]], "x[1][1]: expected 5, got 3"],
  [[1], [1, 2], "x: expected a list of 2, got a list of 1"],
  [namespace, { lr: 0.5 }, "x: has opt, which was not recorded"],
  [namespace, { lr: 0.5, opt: null, seed: 3 }, "x.seed: expected 3, got undefined"],
  [namespace, { lr: 0.25, opt: null }, "x.lr: expected 0.25, got 0.5"],
  [5, { lr: 1 }, "x: expected a dictionary, got 5"],
  [[0, 1, 3], "0..2", 'x: expected "0..2", got a list of 3'],
  ["abab", "'ab' repeated 3 times", "x: expected \"'ab' repeated 3 times\", got abab"],
  [undefined, null, "x: expected null, got undefined"],
])("%o is not %o", (got, want, difference) => {
  expect(differenceOf(got, want, "x")).toBe(difference);
});
