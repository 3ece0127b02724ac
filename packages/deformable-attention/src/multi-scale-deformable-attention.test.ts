import { ConfigError, Random, ShapeError } from "@detrkit/common";
import { describeOnBackends, expectClose, uniformTensor } from "@detrkit/test-utils";
import type { AttentionInputs } from "@detrkit/transformer";
import {
  add,
  dispose,
  gather,
  memory,
  mul,
  type Rank,
  reshape,
  type Tensor,
  tensor2d,
  type Tensor2D,
  type Tensor3D,
  type Tensor4D,
  tidy,
  where,
  zerosLike,
} from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { MultiScaleDeformableAttention } from "./multi-scale-deformable-attention.ts";
import { multiScaleDeformableAttention } from "./ops/multi-scale-deformable-attention.ts";
import { zeroRows } from "./ops/zero-rows.ts";

const levelShapes = [
  { height: 3, width: 5 },
  { height: 1, width: 2 },
];

function attentionOf(seed: number): MultiScaleDeformableAttention {
  const attention = new MultiScaleDeformableAttention({
    dim: 15,
    heads: 3,
    levels: 2,
    points: 2,
    random: new Random(seed),
  });
  // What is predicted is the same for all queries in a new module.
  attention.samplingOffsets.weight.assign(uniformTensor<Rank.R2>([15, 24], { seed }));
  attention.attentionWeights.weight.assign(uniformTensor<Rank.R2>([15, 12], { seed: seed + 1 }));
  return attention;
}

function inputsOf(coordinates: 2 | 4): AttentionInputs {
  return {
    queries: uniformTensor<Rank.R3>([2, 7, 15], { seed: 1 }),
    queryPosition: uniformTensor<Rank.R3>([2, 7, 15], { seed: 2 }),
    memory: uniformTensor<Rank.R3>([2, 17, 15], { seed: 3 }),
    memoryPaddingMask: tensor2d(
      Array.from({ length: 34 }, (_, index) => (index % 5 === 3 ? 1 : 0)),
      [2, 17],
      "bool",
    ),
    referencePoints: uniformTensor<Rank.R4>([2, 7, 2, coordinates], { seed: 4, low: 0, high: 1 }),
    levelShapes,
  };
}

describeOnBackends("MultiScaleDeformableAttention", () => {
  test.each([2, 4] as const)(
    "it tells where it samples and with which weights, of %d coordinates: with these it comes to what `call` gives",
    (coordinates) => {
      const attention = attentionOf(3);
      const inputs = inputsOf(coordinates);
      const before = memory().numTensors;
      const places = attention.attendedPlaces(inputs);
      expect(memory().numTensors).toBe(before + 2);
      if (places.kind !== "sampled") throw new Error(`expected sampled places, got ${places.kind}`);
      const { locations, weights } = places;
      expect([locations.shape, weights.shape]).toEqual([
        [2, 7, 3, 2, 2, 2],
        [2, 7, 3, 2, 2],
      ]);
      const shares = weights.dataSync<"float32">();
      for (let head = 0; head < shares.length; head += 4)
        expect(shares.subarray(head, head + 4).reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 5);
      const composed = tidy(() => {
        const value = zeroRows(attention.value.call(inputs.memory), inputs.memoryPaddingMask as Tensor2D);
        const sampled = multiScaleDeformableAttention({
          value: reshape(value, [2, 17, 3, 5]) as Tensor4D,
          levelShapes,
          samplingLocations: locations,
          attentionWeights: weights,
        });
        return attention.output.call(sampled);
      });
      const expected = attention.call(inputs);
      expectClose(composed, expected.dataSync(), { rtol: 1e-5, atol: 1e-5 });
      attention.dispose();
      dispose([locations, weights, composed, expected]);
      for (const each of Object.values(inputs)) if (!Array.isArray(each)) each.dispose();
    },
  );

  describe("a new module", () => {
    test("each head's points lie on one ray, 1, 2, ... cells from the reference point, in every map and query", () => {
      const attention = new MultiScaleDeformableAttention({
        dim: 16,
        heads: 8,
        levels: 2,
        points: 3,
        random: new Random(1),
      });
      const bias = attention.samplingOffsets.bias?.value.dataSync() ?? [];
      // Eight directions, x before y; y points down.
      const directions = [
        [1, 0],
        [1, 1],
        [0, 1],
        [-1, 1],
        [-1, 0],
        [-1, -1],
        [0, -1],
        [1, -1],
      ];
      const rays = directions.flatMap((direction) =>
        [1, 2, 3, 1, 2, 3].flatMap((distance) => direction.map((coordinate) => coordinate * distance)),
      );
      expectClose(bias, rays);
      expect(attention.samplingOffsets.weight.value.dataSync().every((entry) => entry === 0)).toBe(true);
      attention.dispose();
    });

    test("it weighs all points alike; projections are Xavier's, their biases 0", () => {
      const attention = new MultiScaleDeformableAttention({
        dim: 30,
        heads: 2,
        levels: 3,
        points: 5,
        random: new Random(1),
      });
      const zeros = [
        attention.attentionWeights.weight,
        attention.attentionWeights.bias,
        attention.value.bias,
        attention.output.bias,
      ];
      expect(zeros.every((parameter) => parameter?.value.dataSync().every((entry) => entry === 0))).toBe(true);
      for (const { weight } of [attention.value, attention.output]) {
        const entries = weight.value.dataSync();
        const largest = Math.max(...entries.map(Math.abs));
        const bound = Math.sqrt(6 / 60);
        expect(largest).toBeLessThanOrEqual(bound);
        expect(largest).toBeGreaterThan(0.97 * bound);
      }
      expect([...attention.parameters().keys()]).toEqual(
        ["samplingOffsets", "attentionWeights", "value", "output"].flatMap((name) => [
          `${name}.weight`,
          `${name}.bias`,
        ]),
      );
      attention.dispose();
    });

    test.each(["heads", "levels", "points"] as const)("counts of %s that are none are refused", (name) => {
      const config = { dim: 16, heads: 2, levels: 1, points: 1, random: new Random(1) };
      for (const count of [0, 1.5]) {
        const expected = "a whole number of at least 1 and at most 2147483647";
        const message = `MultiScaleDeformableAttention: ${name} expected ${expected}, got ${count}`;
        expect(() => new MultiScaleDeformableAttention({ ...config, [name]: count })).toThrow(new ConfigError(message));
      }
    });

    test("heads that do not divide the width are refused", () => {
      const config = { dim: 16, heads: 3, levels: 1, points: 1, random: new Random(1) };
      expect(() => new MultiScaleDeformableAttention(config)).toThrow(
        new ConfigError("MultiScaleDeformableAttention: 3 heads do not divide a width of 16"),
      );
    });
  });

  describe.each([2, 4] as const)("with reference points of %i coordinates", (coordinates) => {
    test("each image by itself gives what the batch gives", () => {
      const attention = attentionOf(1);
      tidy(() => {
        const inputs = inputsOf(coordinates);
        const second = (tokens: Tensor | undefined): Tensor3D => gather(tokens as Tensor3D, [1]);
        const alone = attention.call({
          queries: second(inputs.queries),
          queryPosition: second(inputs.queryPosition),
          memory: second(inputs.memory),
          memoryPaddingMask: gather(inputs.memoryPaddingMask ?? tensor2d([[]]), [1]),
          referencePoints: second(inputs.referencePoints),
          levelShapes,
        });
        expectClose(alone, second(attention.call(inputs)), { atol: 1e-5 });
      });
      attention.dispose();
    });

    test("the query's position moves its points, the memory's does not; padding is zero after the projection", () => {
      const attention = attentionOf(2);
      attention.value.bias?.assign(uniformTensor<Rank.R1>([15], { seed: 5 }));
      tidy(() => {
        const inputs = inputsOf(coordinates);
        const { queryPosition, memoryPaddingMask, ...rest } = inputs;
        const output = attention.call(inputs);
        expectClose(
          attention.call({
            ...rest,
            memoryPaddingMask,
            queries: add<Tensor3D>(inputs.queries, queryPosition as Tensor3D),
          }),
          output,
        );
        expectClose(attention.call({ ...inputs, memoryPosition: inputs.memory }), output);
        const isPadded = reshape(memoryPaddingMask as Tensor, [2, 17, 1]);
        const disturbed = where(isPadded, mul(inputs.memory, 1e3), inputs.memory) as Tensor3D;
        expectClose(attention.call({ ...inputs, memory: disturbed }), output);
        // Zeros before the projection would come out as its bias.
        const blank = where(isPadded, zerosLike(inputs.memory), inputs.memory) as Tensor3D;
        expect(() =>
          expectClose(attention.call({ ...inputs, memory: blank, memoryPaddingMask: undefined }), output),
        ).toThrow("values are off");
      });
      attention.dispose();
    });
  });

  test("nothing but the result is left", () => {
    const attention = attentionOf(3);
    const inputs = inputsOf(4);
    const before = memory().numTensors;
    const output = attention.call(inputs);
    expect(memory().numTensors).toBe(before + 1);
    output.dispose();
    for (const each of Object.values(inputs)) if (!Array.isArray(each)) each.dispose();
    attention.dispose();
  });

  test("errors name what is missing or does not fit", () => {
    const attention = attentionOf(4);
    tidy(() => {
      const inputs = inputsOf(2);
      const name = "MultiScaleDeformableAttention.call";
      const expectError = (wrong: Partial<AttentionInputs>, message: string): void => {
        expect(() => attention.call({ ...inputs, ...wrong })).toThrow(new ShapeError(`${name}: ${message}`));
      };
      expectError({ referencePoints: undefined }, "needs referencePoints [B, Q, L, 2 or 4], to sample the memory");
      expectError(
        { levelShapes: undefined },
        "needs levelShapes, the sizes of the maps that the memory is made of, to sample the memory",
      );
      expectError({ levelShapes: [{ height: 17, width: 1 }] }, "levelShapes expected 2 maps, got 1");
      expectError(
        { levelShapes: levelShapes.toReversed().map(({ height }) => ({ height, width: height })) },
        "memory has 17 rows, but the maps of levelShapes (1x1 + 3x3) have 10 cells: " +
          "each cell of each map must be one row",
      );
      expectError(
        { referencePoints: uniformTensor<Rank.R4>([2, 7, 2, 3], { seed: 1 }) },
        "referencePoints expected [2, 7, 2, 2] (points) or [2, 7, 2, 4] (boxes), got [2, 7, 2, 3]",
      );
      expectError({ queries: inputs.memory.slice([0, 0, 1]) }, "queries expected [B, Q, 15], got [2, 17, 14]");
      expectError(
        { queryPosition: uniformTensor<Rank.R2>([2, 15], { seed: 1 }) },
        "queryPosition expected [7, 15], got [2, 15]",
      );
      expectError(
        { memoryPaddingMask: tensor2d([[1]], [1, 1], "bool") },
        "memoryPaddingMask expected [2, 17], got [1, 1]",
      );
    });
    attention.dispose();
  });
});
