import { expectShape, type ImageSize } from "@detrkit/nn";
import type { Rank, Tensor, Tensor4D, Tensor5D } from "@tensorflow/tfjs-core";
import { expectLevelShapes } from "./level-shapes.ts";

/** What `multiScaleDeformableAttention` works on. `B` images, `S` cells of all maps, `Q` queries, `M` heads, `L` levels, `P` points, `D` width. */
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

/** The sizes as two well-formed operands have them. */
export function sizesOf(value: readonly number[], samplingLocations: readonly number[]): OperandSizes {
  const [B, S, M, C] = value as [number, number, number, number];
  const [, Q, , L, P] = samplingLocations as [number, number, number, number, number];
  return { B, S, Q, M, L, P, C };
}

/** The sizes, checked against one another. */
export function operandSizes({ value, levelShapes, samplingLocations, attentionWeights }: DeformableAttentionOperands): OperandSizes {
  const L = levelShapes.length;
  const { B, S, M } = expectShape(value.shape, "multiScaleDeformableAttention: value", ["B", "S", "M", "C"]);
  const { Q, P } = expectShape(samplingLocations.shape, "multiScaleDeformableAttention: samplingLocations", [B, "Q", M, L, "P", 2]);
  expectShape(attentionWeights.shape, "multiScaleDeformableAttention: attentionWeights", [B, Q, M, L, P]);
  expectLevelShapes(levelShapes, "multiScaleDeformableAttention: value", S);
  return sizesOf(value.shape, samplingLocations.shape);
}
