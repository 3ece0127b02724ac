import { expect, test } from "vitest";
import { fnv, formulaWeight, mix32, unit, weightOf } from "./weights-formula.ts";
import type { Fixture } from "./case.ts";

// Expected numbers: the test vectors of the fixtures' README.
test("hashes agree with the published vectors", () => {
  expect(fnv("1:a")).toBe(874805705);
  expect(fnv("601:backbone.0.body.conv1.weight")).toBe(202512734);
  expect([0, 1, 4294967295].map(mix32)).toEqual([0, 1753845952, 1734902346]);
  expect([0, 1, 2, 1000].map((index) => unit(601, "backbone.0.body.conv1.weight", index))).toEqual([
    0.11616146564483643, -0.3814678192138672, -0.5418353080749512, -0.17908036708831787,
  ]);
});

test.each([
  [
    "backbone.0.body.conv1.weight",
    [64, 3, 7, 7],
    [0.02346815913915634, -0.07706813514232635, -0.10946726053953171],
    -0.12867103517055511,
    -0.13264705518304254,
  ],
  [
    "backbone.0.body.bn1.running_var",
    [64],
    [0.9520165920257568, 0.8263084888458252, 0.9536214470863342],
    1.0008844137191772,
    61.91687124967575,
  ],
  [
    "backbone.0.body.layer1.0.bn3.weight",
    [256],
    [0.37634962797164917, 0.49310025572776794, 0.3250139355659485],
    0.4315144717693329,
    102.77003717422485,
  ],
  [
    "backbone.0.body.layer1.0.bn1.bias",
    [64],
    [-0.3190411925315857, -0.3198077082633972, -0.3443446755409241],
    -0.3399561047554016,
    -16.132503882050514,
  ],
  [
    "transformer.encoder.layers.0.self_attn.in_proj_weight",
    [768, 256],
    [0.07840342819690704, -0.27203118801116943, -0.05473039671778679],
    0.04021137207746506,
    85.51660611443711,
  ],
  [
    "transformer.encoder.layers.0.linear2.weight",
    [256, 2048],
    [0.0036832382902503014, 0.012798264622688293, -0.017744477838277817],
    -0.007238380610942841,
    11.863459720910765,
  ],
  [
    "class_embed.bias",
    [92],
    [0.0692710280418396, -0.032544396817684174, 0.01334613561630249],
    -0.04326425865292549,
    -0.02416931593324989,
  ],
  [
    "query_embed.weight",
    [100, 256],
    [0.5096653699874878, 0.7756321430206299, -0.2933950424194336],
    0.15966129302978516,
    70.64233863353729,
  ],
] as const)("%s has the published values to the bit", (key, shape, firstThree, last, sum) => {
  const values = formulaWeight(601, key, shape);
  expect(Array.from(values.subarray(0, 3))).toEqual(firstThree);
  expect(values.at(-1)).toBe(last);
  expect(values.reduce((total, value) => total + value, 0)).toBeCloseTo(sum, 9);
});

test("a stored weight wins over the formula, and a case with neither is refused", () => {
  const stored = { shape: [1], data: Float32Array.of(5) };
  const fixture: Fixture = {
    topic: "t",
    name: "n",
    file: "t/n.json",
    json: { weights: { formula_seed: 601 } },
    tensors: new Map([["w.a.bias", stored]]),
  };
  expect(weightOf(fixture, "a.bias", [1])).toBe(stored);
  expect([...weightOf(fixture, "embed.bias", [92], "class_").data]).toEqual([
    ...formulaWeight(601, "class_embed.bias", [92]),
  ]);
  expect(() => weightOf({ ...fixture, json: {} }, "b.bias", [1])).toThrow(
    "t/n.json: neither stores w.b.bias nor gives weights.formula_seed",
  );
});
