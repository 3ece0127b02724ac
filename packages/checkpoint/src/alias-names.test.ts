import { expect, test } from "vitest";
import { originalDeformableDetr, originalRefiningDeformableDetr } from "./dialects/original-deformable-detr.ts";
import { exportStateDict, importStateDict } from "./state-dict.ts";
import type { TensorData } from "./tensor-data.ts";

const options = { dialect: originalDeformableDetr };

function bias(...values: readonly number[]): TensorData {
  return { dtype: "float32", shape: [values.length], values: Float32Array.from(values) };
}

test("the decoder's norms go where they are used: the first one is the cross-attention's", () => {
  const layer = "transformer.decoder.layers.5.";
  const { tensors } = importStateDict(
    new Map([
      [`${layer}norm1.bias`, bias(1)],
      [`${layer}norm2.bias`, bias(2)],
      [`${layer}norm3.bias`, bias(3)],
    ]),
    options,
  );
  expect(Object.fromEntries([...tensors].map(([path, { values }]) => [path, values[0]]))).toEqual({
    [`${layer}crossAttentionNorm.bias`]: 1,
    [`${layer}selfAttentionNorm.bias`]: 2,
    [`${layer}feedForwardNorm.bias`]: 3,
  });
});

test("heads that share one tensor load once and are reported; with box refinement they load as several", () => {
  const heads = [
    ["class_embed.0.bias", bias(2, 3)],
    ["class_embed.1.bias", bias(2, 3)],
  ] as const;
  const shared = importStateDict(new Map(heads), options);
  expect([[...shared.tensors.keys()], [...shared.aliases]]).toEqual([
    ["classHeads.0.bias"],
    [["class_embed.1.bias", "class_embed.0.bias"]],
  ]);
  const refined = importStateDict(
    new Map([...heads, ["transformer.decoder.bbox_embed.0.layers.2.bias", bias(5)]]),
    options,
  );
  expect([[...refined.tensors.keys()], refined.aliases.size]).toEqual([
    ["classHeads.0.bias", "classHeads.1.bias", "boxHeads.0.layers.2.bias"],
    0,
  ]);
});

test("a second head by itself is that head, and what only the decoder's name stands for is loaded from it", () => {
  expect([...importStateDict(new Map([["class_embed.1.bias", bias(2)]]), options).tensors.keys()]).toEqual([
    "classHeads.1.bias",
  ]);
  expect([
    ...importStateDict(new Map([["transformer.decoder.bbox_embed.4.layers.2.bias", bias(2)]]), options).tensors.keys(),
  ]).toEqual(["boxHeads.4.layers.2.bias"]);
});

test("with one decoder layer and box refinement, the head is the decoder's too, and comes back as one", () => {
  const heads = new Map([
    ["classHeads.0.bias", bias(2)],
    ["boxHeads.0.layers.2.bias", bias(3)],
  ]);
  const own = ["class_embed.0.bias", "bbox_embed.0.layers.2.bias"];
  expect([...exportStateDict(heads, options).keys()]).toEqual(own);
  const refining = exportStateDict(heads, { dialect: originalRefiningDeformableDetr });
  expect([...refining.keys()]).toEqual([...own, "transformer.decoder.bbox_embed.0.layers.2.bias"]);
  for (const dialect of [originalDeformableDetr, originalRefiningDeformableDetr])
    expect(importStateDict(refining, { dialect }).tensors).toEqual(heads);
});

test("a layer whose head is its own keeps it; those without one share the first", () => {
  const norms = [1, 2].map(
    (layer) => [`transformer.decoder.layers.${layer}.crossAttentionNorm.weight`, bias(1)] as const,
  );
  const written = exportStateDict(
    new Map([["classHeads.0.bias", bias(2)], ["classHeads.1.bias", bias(3)], ...norms]),
    options,
  );
  expect([0, 1, 2].map((layer) => written.get(`class_embed.${layer}.bias`)?.values[0])).toEqual([2, 3, 2]);
});

test("two names of one tensor that hold different numbers are refused by name", () => {
  const stateDict = new Map([
    ["module.class_embed.0.bias", bias(2)],
    ["module.class_embed.4.bias", bias(3)],
  ]);
  expect(() => importStateDict(stateDict, options)).toThrow(
    '"module.class_embed.0.bias" and "module.class_embed.4.bias" are two names of one tensor, ' +
      "but hold different numbers",
  );
});

test("a table without a module of its own comes and goes under its bare key", () => {
  const table: TensorData = { dtype: "float32", shape: [2, 3], values: Float32Array.of(2, 3, 5, 7, 11, 13) };
  const { tensors } = importStateDict(new Map([["transformer.level_embed", table]]), options);
  expect(tensors.get("levelEmbedding.weight")).toEqual(table);
  expect([...exportStateDict(tensors, options).keys()]).toEqual(["transformer.level_embed"]);
});
