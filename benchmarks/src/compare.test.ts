import { expect, test } from "vitest";
import { checkSameWork } from "./compare.ts";

test("facts that one side alone states are not compared", () => {
  expect(() => checkSameWork({ parameters: 13, backend: "native" }, { parameters: 13, firstLoss: 2 })).not.toThrow();
});

test("sums may differ in the last digits, counts may not", () => {
  expect(() => checkSameWork({ total: 1234.5 }, { total: 1234.5 + 1e-10 })).not.toThrow();
  expect(() => checkSameWork({ parameters: 41_524_768 }, { parameters: 41_524_767 })).toThrow(
    "parameters is 41524768 in ours and 41524767 in the peer",
  );
  expect(() => checkSameWork({ order: "ab" }, { order: "ba" })).toThrow("don't do the same work");
});
