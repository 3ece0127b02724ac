import { describeOnBackends, expectClose } from "@detrkit/test-utils";
import {
  gather,
  grads,
  memory,
  mul,
  ones,
  type Rank,
  sum,
  type Tensor,
  tensor,
  tensor4d,
  type Tensor4D,
  tensor5d,
  type Tensor5D,
  tidy,
  zeros,
} from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { randomOperands, tensorsOf, withTensors } from "../../test-support/random-operands.ts";
import { composedDeformableAttention } from "./composed.ts";
import { multiScaleDeformableAttention } from "./multi-scale-deformable-attention.ts";
import type { DeformableAttentionOperands } from "./operands.ts";

const shape = {
  B: 2,
  Q: 7,
  M: 3,
  C: 5,
  P: 2,
  levels: [
    [3, 5],
    [1, 2],
  ],
} as const;

/** One map of 2 x 3 cells holding 1 to 6, one head of width 1, sampled at one point a query. */
function samplesOfOneMap(points: readonly (readonly [x: number, y: number])[]): DeformableAttentionOperands {
  return {
    value: tensor4d([1, 2, 3, 4, 5, 6], [1, 6, 1, 1]),
    levelShapes: [{ height: 2, width: 3 }],
    samplingLocations: tensor<Rank.R6>(points.flat(), [1, points.length, 1, 1, 1, 2]),
    attentionWeights: ones([1, points.length, 1, 1, 1]),
  };
}

describeOnBackends("multiScaleDeformableAttention", () => {
  describe("values", () => {
    test("a cell's centre reads the cell, between cells their mean, a map's corner a quarter of its cell", () => {
      tidy(() => {
        const centres = [
          [1 / 6, 1 / 4],
          [1 / 2, 1 / 4],
          [5 / 6, 3 / 4],
        ] as const;
        const between = [
          [1 / 3, 1 / 4],
          [1 / 2, 1 / 2],
          [1 / 3, 1 / 2],
        ] as const;
        const corners = [
          [0, 0],
          [1, 1],
        ] as const;
        const output = multiScaleDeformableAttention(samplesOfOneMap([...centres, ...between, ...corners]));
        expect(output.shape).toEqual([1, 8, 1]);
        expectClose(output.dataSync(), [1, 2, 6, 1.5, 3.5, 3, 0.25, 1.5]);
      });
    });

    test("points are weighted and added over all maps, each head by itself", () => {
      tidy(() => {
        const operands = {
          // Cells of the first map, the second map's one cell; two heads.
          value: tensor4d([1, 10, 2, 20, 3, 30], [1, 3, 2, 1]),
          levelShapes: [
            { height: 1, width: 2 },
            { height: 1, width: 1 },
          ],
          // x of the first map's two points, then of the second's, all on their line's middle.
          samplingLocations: tensor<Rank.R6>(
            [0.25, 0.75, 0.5, 0.5, 0.75, 0.5, 0.5, 1].flatMap((x) => [x, 0.5]),
            [1, 1, 2, 2, 2, 2],
          ),
          attentionWeights: tensor5d([1, 2, 4, 0, 1, 2, 4, 8], [1, 1, 2, 2, 2]),
        };
        // 1·1 + 2·2 + 4·3 + 0·3 for the first head; 1·20 + 2·15 + 4·30 + 8·15 for the second.
        expectClose(multiScaleDeformableAttention(operands).dataSync(), [17, 290]);
      });
    });

    test("each image by itself gives what the batch gives", () => {
      tidy(() => {
        const operands = randomOperands(shape, 3, "anywhere");
        const all = multiScaleDeformableAttention(operands);
        const second = withTensors(
          operands,
          tensorsOf(operands).map((each) => gather(each, [1])),
        );
        expectClose(multiScaleDeformableAttention(second), gather(all, [1]));
      });
    });
  });

  test.each([
    [2, 0],
    [0, 7],
  ])("%i images of %i queries: an empty result and gradients of 0, composed or not", (B, Q) => {
    tidy(() => {
      const operands = randomOperands({ ...shape, B, Q }, 1, "anywhere");
      for (const attend of [multiScaleDeformableAttention, composedDeformableAttention]) {
        expect(attend(operands).shape).toEqual([B, Q, 15]);
        const gradients = grads((...tensors: Tensor[]) => sum(attend(withTensors(operands, tensors))))(
          tensorsOf(operands),
        );
        expect(gradients.map((gradient) => gradient.shape)).toEqual([
          [B, 17, 3, 5],
          [B, Q, 3, 2, 2, 2],
          [B, Q, 3, 2, 2],
        ]);
        expect(gradients.every((gradient) => gradient.dataSync().every((value) => value === 0))).toBe(true);
      }
    });
  });

  test("heads without width: an empty result and gradients of 0, composed or not", () => {
    tidy(() => {
      const operands = randomOperands({ ...shape, C: 0 }, 1, "anywhere");
      for (const attend of [multiScaleDeformableAttention, composedDeformableAttention]) {
        expect(attend(operands).shape).toEqual([2, 7, 0]);
        const gradients = grads((...tensors: Tensor[]) => sum(attend(withTensors(operands, tensors))))(
          tensorsOf(operands),
        );
        expect(gradients.every((gradient) => gradient.dataSync().every((value) => value === 0))).toBe(true);
      }
    });
  });

  describe("points that are NaN", () => {
    const far = 3e38;
    const attentions = [multiScaleDeformableAttention, composedDeformableAttention];

    test.each([
      [Infinity, 0.5],
      [0.5, -Infinity],
      [far, far],
      [-far, 0.5],
    ])("(%d, %d) reads nothing and disturbs nothing", (x, y) => {
      tidy(() => {
        for (const attend of attentions) {
          const operands = samplesOfOneMap([
            [0.5, 0.25],
            [x, y],
            [0.5, 0.75],
          ]);
          expectClose(attend(operands).dataSync(), [2, 0, 5]);
          const gradients = grads((...tensors: Tensor[]) => sum(attend(withTensors(operands, tensors))))(
            tensorsOf(operands),
          );
          const [byValue, byLocations, byWeights] = gradients.map((gradient) => [...gradient.dataSync()]);
          expect(byValue).toEqual([0, 1, 0, 0, 1, 0]);
          expect(byLocations?.slice(2, 4).map(Math.abs)).toEqual([0, 0]);
          expect(byWeights).toEqual([2, 0, 5]);
        }
      });
    });

    test.each([
      [NaN, 0.5],
      [0.5, NaN],
      [NaN, -Infinity],
    ])("(%d, %d) spoils its own query's result, and no other", (x, y) => {
      tidy(() => {
        for (const attend of attentions) {
          const operands = samplesOfOneMap([
            [0.5, 0.25],
            [x, y],
            [0.5, 0.75],
          ]);
          expect([...attend(operands).dataSync()]).toEqual([2, NaN, 5]);
          const gradients = grads((...tensors: Tensor[]) => sum(attend(withTensors(operands, tensors))))(
            tensorsOf(operands),
          );
          const [byValue, byLocations, byWeights] = gradients.map((gradient) => [...gradient.dataSync()]);
          expect(byValue).toEqual([0, 1, 0, 0, 1, 0]);
          expect(byLocations?.map(Number.isNaN)).toEqual([false, false, true, true, false, false]);
          expect(byWeights).toEqual([2, NaN, 5]);
        }
      });
    });

    test("a value of NaN makes the results that read it NaN, and no others", () => {
      tidy(() => {
        for (const attend of attentions) {
          const operands = {
            ...samplesOfOneMap([
              [0.5, 0.25],
              [9, 9],
              [1 / 6, 0.25],
            ]),
            value: tensor4d([NaN, 2, 3, 4, 5, 6], [1, 6, 1, 1]),
          };
          expect([...attend(operands).dataSync()]).toEqual([2, 0, NaN]);
        }
      });
    });

    test("a weight of NaN makes its own query's result NaN, wherever its point is", () => {
      tidy(() => {
        for (const attend of attentions) {
          const attentionWeights: Tensor5D = tensor5d([1, NaN, NaN], [1, 3, 1, 1, 1]);
          const operands = {
            ...samplesOfOneMap([
              [0.5, 0.25],
              [9, 9],
              [0.5, 0.75],
            ]),
            attentionWeights,
          };
          expect([...attend(operands).dataSync()]).toEqual([2, NaN, NaN]);
          const gradients = grads((...tensors: Tensor[]) => sum(attend(withTensors(operands, tensors))))(
            tensorsOf(operands),
          );
          const [byValue, byLocations, byWeights] = gradients.map((gradient) => [...gradient.dataSync()]);
          // By the cells around the third point alone, of which this one is the last.
          expect(byValue?.slice(0, 4)).toEqual([0, 1, 0, 0]);
          expect(byLocations?.map(Number.isNaN)).toEqual([false, false, true, true, true, true]);
          expect(byWeights).toEqual([2, 0, 5]);
        }
      });
    });
  });

  describe("ownership", () => {
    test("nothing but the result is left, and the operands are untouched", () => {
      const operands = randomOperands(shape, 1, "anywhere");
      const before = memory().numTensors;
      const output = multiScaleDeformableAttention(operands);
      const composed = composedDeformableAttention(operands, 1);
      expect(memory().numTensors).toBe(before + 2);
      const gradients = grads((...tensors: Tensor[]) =>
        sum(multiScaleDeformableAttention(withTensors(operands, tensors))),
      )(tensorsOf(operands));
      expect(memory().numTensors).toBe(before + 5);
      for (const each of [output, composed, ...gradients, ...tensorsOf(operands)]) each.dispose();
    });

    test("operands that another gradient function computed are differentiated through", () => {
      tidy(() => {
        const operands = randomOperands(shape, 2, "smooth");
        const scaled =
          (factor: number) =>
          (...tensors: Tensor[]): Tensor =>
            sum(
              multiScaleDeformableAttention(
                withTensors(
                  operands,
                  tensors.map((each, index) => (index === 1 ? each : mul(each, factor))),
                ),
              ),
            );
        const [byValue, , byWeights] = grads(scaled(1))(tensorsOf(operands)) as [Tensor, Tensor, Tensor];
        const [byHalf, , byHalfWeights] = grads(scaled(2))(tensorsOf(operands)) as [Tensor, Tensor, Tensor];
        expectClose(byHalf, mul(byValue, 4));
        expectClose(byHalfWeights, mul(byWeights, 4), { atol: 1e-5 });
      });
    });
  });

  describe("errors", () => {
    const operands = (): DeformableAttentionOperands => ({
      value: zeros<Rank.R4>([2, 17, 3, 5]),
      levelShapes: [
        { height: 3, width: 5 },
        { height: 1, width: 2 },
      ],
      samplingLocations: zeros<Rank.R6>([2, 7, 3, 2, 4, 2]),
      attentionWeights: zeros<Rank.R5>([2, 7, 3, 2, 4]),
    });

    test.each<[string, () => Partial<DeformableAttentionOperands>, string]>([
      [
        "rows that the maps do not make up",
        () => ({ value: zeros<Rank.R4>([2, 16, 3, 5]) }),
        "value has 16 rows, but the maps of levelShapes (3x5 + 1x2) have 17 cells: " +
          "each cell of each map must be one row",
      ],
      [
        "a map of no size",
        () => ({
          levelShapes: [
            { height: 17, width: 1 },
            { height: 0, width: 4 },
          ],
        }),
        'value: levelShapes[1] expected a height and a width of at least 1, got {"height":0,"width":4}',
      ],
      [
        "no maps",
        () => ({ levelShapes: undefined as unknown as [] }),
        "value: levelShapes expected a list of heights and widths, got undefined",
      ],
      [
        "another number of levels",
        () => ({ levelShapes: [{ height: 17, width: 1 }] }),
        "samplingLocations expected [2, Q, 3, 1, P, 2], got [2, 7, 3, 2, 4, 2]",
      ],
      [
        "heads side by side",
        () => ({ value: zeros([2, 17, 15]) as unknown as Tensor4D }),
        "value expected [B, S, M, C], got [2, 17, 15]",
      ],
      [
        "weights of other points",
        () => ({ attentionWeights: zeros<Rank.R5>([2, 7, 3, 2, 5]) as Tensor5D }),
        "attentionWeights expected [2, 7, 3, 2, 4], got [2, 7, 3, 2, 5]",
      ],
    ])("%s", (_, wrong, message) => {
      tidy(() => {
        expect(() => multiScaleDeformableAttention({ ...operands(), ...wrong() })).toThrow(
          `multiScaleDeformableAttention: ${message}`,
        );
      });
    });
  });
});
