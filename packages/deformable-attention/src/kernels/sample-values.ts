import type { ImageSize } from "@detrkit/nn";
import type { OperandSizes } from "../ops/operands.ts";
import { Neighbourhood } from "./neighbourhood.ts";

/** The op's operands in memory, in their shapes' order. */
export interface OperandValues {
  readonly value: Float32Array;
  readonly locations: Float32Array;
  readonly weights: Float32Array;
  readonly levelShapes: readonly ImageSize[];
  readonly sizes: OperandSizes;
}

/** Multi-scale deformable attention as loops over typed arrays. @returns `[B, Q, M·C]` */
export function sampleValues({
  value,
  locations,
  weights,
  levelShapes,
  sizes: { B, S, Q, M, L, P, C },
}: OperandValues): Float32Array {
  const K = L * P;
  const output = new Float32Array(B * Q * M * C);
  const sums = new Float64Array(C);
  const around = new Neighbourhood(levelShapes, P, M * C);
  for (let row = 0; row < B * Q * M; row++) {
    const base = (Math.floor(row / (Q * M)) * S * M + (row % M)) * C;
    around.locate(locations, row * K * 2);
    sums.fill(around.hasUnknown ? NaN : emptySum(weights, row * K, K));
    for (let place = 0; place < around.count; place++) {
      addPoint(sums, value, base, around, place, weights[row * K + (around.points[place] as number)] as number);
    }
    output.set(sums, row * C);
  }
  return output;
}

/** 0, or NaN if a weight is not finite: this has to reach the result even if its point is outside and never read. */
function emptySum(weights: Float32Array, first: number, count: number): number {
  for (let index = first; index < first + count; index++) {
    if (!Number.isFinite(weights[index])) return NaN;
  }
  return 0;
}

/** Adds the weighted sample of the point at `place`. */
function addPoint(
  sums: Float64Array,
  value: Float32Array,
  base: number,
  { rows, weights }: Neighbourhood,
  place: number,
  weight: number,
): void {
  const at = 4 * place;
  const row0 = base + (rows[at] as number);
  const row1 = base + (rows[at + 1] as number);
  const row2 = base + (rows[at + 2] as number);
  const row3 = base + (rows[at + 3] as number);
  const weight0 = weight * (weights[at] as number);
  const weight1 = weight * (weights[at + 1] as number);
  const weight2 = weight * (weights[at + 2] as number);
  const weight3 = weight * (weights[at + 3] as number);
  for (let c = 0; c < sums.length; c++) {
    const upper = weight0 * (value[row0 + c] as number) + weight1 * (value[row1 + c] as number);
    const lower = weight2 * (value[row2 + c] as number) + weight3 * (value[row3 + c] as number);
    sums[c] = (sums[c] as number) + upper + lower;
  }
}
