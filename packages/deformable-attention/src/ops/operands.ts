import { ShapeError } from "@detrkit/common";
import { expectShape, expectTensor, type ImageSize } from "@detrkit/nn";
import type { Rank, Tensor, Tensor4D, Tensor5D } from "@tensorflow/tfjs-core";
import { expectCells, expectSizes } from "./level-shapes.ts";

/**
 * What `multiScaleDeformableAttention` works on. `B` images, `S` cells of all maps, `Q` queries, `M` heads, `L` levels,
 * `P` points, `D` width.
 */
export interface DeformableAttentionOperands {
  /** A row for each cell of each map, one map after the other, row by row: `[B, S, M, D/M]`. */
  readonly value: Tensor4D;
  /** Heights and widths of the `L` maps. */
  readonly levelShapes: readonly ImageSize[];
  /** x, y normalised by each map's size, 0 and 1 its edges; points outside count as zeros: `[B, Q, M, L, P, 2]`. */
  readonly samplingLocations: Tensor<Rank.R6>;
  /** `[B, Q, M, L, P]`; usually each head's `L` times `P` sum to 1. */
  readonly attentionWeights: Tensor5D;
}

/** The sizes that the letters stand for; `C` is the width of one head. */
export type OperandSizes = Record<"B" | "S" | "Q" | "M" | "L" | "P" | "C", number>;

/** The sizes, checked against one another. @throws TensorError, ShapeError */
export function operandSizes({
  value,
  levelShapes,
  samplingLocations,
  attentionWeights,
}: DeformableAttentionOperands): OperandSizes {
  expectTensor(value, "multiScaleDeformableAttention: value", "float32");
  expectTensor(samplingLocations, "multiScaleDeformableAttention: samplingLocations", "float32");
  expectTensor(attentionWeights, "multiScaleDeformableAttention: attentionWeights", "float32");
  return checkedSizes(
    { value: value.shape, samplingLocations: samplingLocations.shape, attentionWeights: attentionWeights.shape },
    levelShapes,
  );
}

/** The shapes of the three operands. */
export interface OperandShapes {
  readonly value: readonly number[];
  readonly samplingLocations: readonly number[];
  readonly attentionWeights: readonly number[];
}

/** The sizes of operands, from their shapes. @throws ShapeError */
export function checkedSizes(shapes: OperandShapes, levelShapes: readonly ImageSize[]): OperandSizes {
  expectSizes(levelShapes, "multiScaleDeformableAttention: value");
  const L = levelShapes.length;
  const { B, S, M, C } = expectShape(shapes.value, "multiScaleDeformableAttention: value", ["B", "S", "M", "C"]);
  const { Q, P } = expectShape(shapes.samplingLocations, "multiScaleDeformableAttention: samplingLocations", [
    B,
    "Q",
    M,
    L,
    "P",
    2,
  ]);
  expectShape(shapes.attentionWeights, "multiScaleDeformableAttention: attentionWeights", [B, Q, M, L, P]);
  if (L === 0 || P === 0)
    throw new ShapeError(
      "multiScaleDeformableAttention: samplingLocations expected at least one level and one point, " +
        `got [${shapes.samplingLocations.join(", ")}]`,
    );
  expectCells(levelShapes, "multiScaleDeformableAttention: value", S);
  return { B, S, Q, M, L, P, C };
}
