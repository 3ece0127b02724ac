import { expect, test } from "vitest";
import { keyPattern } from "./key-pattern.ts";

test("numbers are read by name, shifted where the pattern says so, and put back", () => {
  const pattern = keyPattern("layer{stage+1}.{block}.conv{unit+1}.weight");
  expect(pattern.match("layer3.22.conv1.weight")).toEqual({ stage: 2, block: 22, unit: 0 });
  expect(pattern.format({ stage: 2, block: 22, unit: 0 })).toBe("layer3.22.conv1.weight");
});

test.each([
  "layer0.0.conv1.weight",
  "layer1.00.conv1.weight",
  "layer1.0.conv1.weights",
  "xlayer1.0.conv1.weight",
  "layer1.0.conv.weight",
  "layer1x0.conv1.weight",
])("%s is of another family", (key) => {
  expect(keyPattern("layer{stage+1}.{block}.conv{unit+1}.weight").match(key)).toBeUndefined();
});

test("a pattern without numbers is itself", () => {
  const pattern = keyPattern("query_embed.weight");
  expect([pattern.match("query_embed.weight"), pattern.match("query_embedXweight"), pattern.format({})]).toEqual([
    {},
    undefined,
    "query_embed.weight",
  ]);
});
