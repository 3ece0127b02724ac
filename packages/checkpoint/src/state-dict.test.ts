import { expect, test } from "vitest";
import { originalDetr } from "./dialects/original-detr.ts";
import { exportStateDict, importStateDict } from "./state-dict.ts";
import { sizeOfShape, type TensorData } from "./tensor-data.ts";

/** `first, first + 1, …` in this shape. */
function counting(shape: readonly number[], first = 0): TensorData {
  return {
    dtype: "float32",
    shape,
    values: Float32Array.from({ length: sizeOfShape(shape) }, (_, index) => first + index),
  };
}

const attention = new Map([
  ["self_attn.in_proj_weight", counting([6, 2])],
  ["self_attn.in_proj_bias", counting([6], 20)],
  ["self_attn.out_proj.weight", counting([2, 2], 30)],
  ["self_attn.out_proj.bias", counting([2], 40)],
]);
const layer = {
  dialect: originalDetr,
  keyPrefix: "transformer.decoder.layers.3.",
  pathPrefix: "transformer.decoder.layers.3.",
};

test("a packed attention becomes query, key and value, each [in, out]", () => {
  const { tensors, unknown } = importStateDict(attention, layer);
  expect(unknown).toEqual([]);
  expect(
    Object.fromEntries([...tensors].map(([path, { shape, values }]) => [path, [shape, Array.from(values)]])),
  ).toEqual({
    "selfAttention.query.weight": [
      [2, 2],
      [0, 2, 1, 3],
    ],
    "selfAttention.key.weight": [
      [2, 2],
      [4, 6, 5, 7],
    ],
    "selfAttention.value.weight": [
      [2, 2],
      [8, 10, 9, 11],
    ],
    "selfAttention.query.bias": [[2], [20, 21]],
    "selfAttention.key.bias": [[2], [22, 23]],
    "selfAttention.value.bias": [[2], [24, 25]],
    "selfAttention.output.weight": [
      [2, 2],
      [30, 32, 31, 33],
    ],
    "selfAttention.output.bias": [[2], [40, 41]],
  });
});

test("a convolution [out, in, height, width] becomes [height, width, in, out]", () => {
  const [O, I, H, W] = [2, 3, 5, 7];
  const { tensors } = importStateDict(new Map([["backbone.0.body.layer2.1.conv3.weight", counting([O, I, H, W])]]), {
    dialect: originalDetr,
  });
  const got = tensors.get("backbone.stages.1.1.units.2.convolution.weight");
  expect(got?.shape).toEqual([H, W, I, O]);
  const at = (h: number, w: number, i: number, o: number): number | undefined =>
    got?.values[((h * W + w) * I + i) * O + o];
  const theirs = (o: number, i: number, h: number, w: number): number => ((o * I + i) * H + h) * W + w;
  expect(at(4, 6, 2, 1)).toBe(theirs(1, 2, 4, 6));
  expect(at(2, 3, 1, 0)).toBe(theirs(0, 1, 2, 3));
  expect(at(0, 1, 2, 1)).toBe(theirs(1, 2, 0, 1));
});

test("export undoes import, to the bit", () => {
  const stateDict = new Map([
    ["class_embed.weight", counting([5, 3])],
    ["input_proj.weight", counting([3, 2, 1, 1])],
    ["query_embed.weight", counting([7, 3])],
    ["backbone.0.body.bn1.running_var", counting([11])],
    ["backbone.1.col_embed.weight", counting([13, 2])],
    ...[...attention].map(([key, data]) => [`transformer.encoder.layers.10.${key}`, data] as const),
  ]);
  const { tensors } = importStateDict(stateDict, { dialect: originalDetr });
  expect(exportStateDict(tensors, { dialect: originalDetr })).toEqual(stateDict);
  const part = importStateDict(attention, layer);
  expect(exportStateDict(part.tensors, layer)).toEqual(attention);
});

test("wrappers before the keys are dropped, and keys that carry nothing are ignored", () => {
  const { tensors, unknown } = importStateDict(
    new Map([
      ["module.detr.class_embed.bias", counting([5])],
      ["backbone.0.body.bn1.num_batches_tracked", counting([])],
    ]),
    { dialect: originalDetr },
  );
  expect([[...tensors.keys()], unknown]).toEqual([["classHead.bias"], []]);
});

test("a bare torchvision ResNet loads as a backbone; its classifier is ignored, unknown keys are reported", () => {
  const { tensors, unknown } = importStateDict(
    new Map([
      ["conv1.weight", counting([2, 3, 1, 1])],
      ["layer4.0.downsample.1.running_mean", counting([2])],
      ["fc.weight", counting([2, 2])],
      ["layer0.0.conv1.weight", counting([2, 2, 1, 1])],
    ]),
    { dialect: originalDetr, keyPrefix: "backbone.0.body.", pathPrefix: "backbone." },
  );
  expect([...tensors.keys()]).toEqual(["stem.convolution.weight", "stages.3.0.shortcut.norm.runningMean"]);
  expect(unknown).toEqual(["layer0.0.conv1.weight"]);
});

test("keys of other parts of the model are reported when only one part is wanted", () => {
  const { tensors, unknown } = importStateDict(
    new Map([
      ["class_embed.bias", counting([5])],
      ["query_embed.weight", counting([2, 3])],
    ]),
    {
      dialect: originalDetr,
      pathPrefix: "classHead.",
    },
  );
  expect([[...tensors.keys()], unknown]).toEqual([["bias"], ["query_embed.weight"]]);
});

test("what can't be mapped without loss is refused by name", () => {
  const options = { dialect: originalDetr };
  expect(() =>
    importStateDict(
      new Map([
        ["class_embed.bias", counting([5])],
        ["module.class_embed.bias", counting([5])],
      ]),
      options,
    ),
  ).toThrow('"module.class_embed.bias" and another key both fill "classHead.bias"');
  expect(() => importStateDict(new Map([["class_embed.weight", counting([5])]]), options)).toThrow(
    "class_embed.weight expected 2 axes, got [5]",
  );
  expect(() =>
    importStateDict(new Map([["transformer.encoder.layers.0.self_attn.in_proj_bias", counting([5])]]), options),
  ).toThrow("expected a first axis that 3 divides, got [5]");
  expect(() => exportStateDict(new Map([["myHead.weight", counting([5])]]), options)).toThrow(
    'facebookresearch/detr has no key for "myHead.weight"',
  );
  expect(() =>
    exportStateDict(new Map([["transformer.encoder.layers.0.selfAttention.key.bias", counting([5])]]), options),
  ).toThrow(
    '"transformer.encoder.layers.0.self_attn.in_proj_bias" needs ' +
      '"transformer.encoder.layers.0.selfAttention.query.bias", which is not there',
  );
});
