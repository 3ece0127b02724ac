import { expect, test } from "vitest";
import { pathPattern } from "./path-pattern.ts";

test.each([
  ["backbone.**", "backbone.stages.0.1.units.2.convolution.weight", true],
  ["backbone.**", "backboneTwo.weight", false],
  ["**.bias", "bias", true],
  ["**.bias", "classHead.bias", true],
  ["**.bias", "classHead.biases", false],
  ["**", "queryEmbedding.weight", true],
  ["transformer.*.layers.*.*Norm.weight", "transformer.encoder.layers.11.selfAttentionNorm.weight", true],
  ["transformer.*.layers.*.*Norm.weight", "transformer.encoder.layers.11.selfAttention.query.weight", false],
  ["transformer.**.layers.0.**", "transformer.layers.0.weight", true],
  ["boxHead.layers.*", "boxHead.layers.0.weight", false],
  ["a+b.(c)", "a+b.(c)", true],
  ["classHead.weight", "classHeadXweight", false],
])("%s and %s: %s", (pattern, path, expected) => {
  expect(pathPattern(pattern)(path)).toBe(expected);
});
