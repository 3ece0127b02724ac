import { Neighbourhood } from "./neighbourhood.ts";
import type { OperandValues } from "./sample-values.ts";

/** Gradients with respect to the three operands, in the operands' shapes. */
export interface OperandGradients {
  readonly byValue: Float32Array;
  readonly byLocations: Float32Array;
  readonly byWeights: Float32Array;
}

/** What the loop over a point's four corners reads and writes. `C` width of a head. */
interface Rows {
  readonly value: Float32Array;
  readonly byValue: Float32Array;
  readonly upstream: Float32Array;
  readonly C: number;
}

/** @param upstream - gradient of the result `[B, Q, M·C]` */
export function sampleGradients(operands: OperandValues, upstream: Float32Array): OperandGradients {
  const { value, locations, weights, levelShapes } = operands;
  const { B, S, Q, M, L, P, C } = operands.sizes;
  const K = L * P;
  const byLocations = new Float32Array(locations.length);
  const byWeights = new Float32Array(weights.length);
  const rows: Rows = { value, byValue: new Float32Array(value.length), upstream, C };
  const around = new Neighbourhood(levelShapes, P, M * C);
  const products = new Float64Array(4);
  for (let row = 0; row < B * Q * M; row++) {
    const base = (Math.floor(row / (Q * M)) * S * M + (row % M)) * C;
    around.locate(locations, row * K * 2);
    markUnknown(operands, row * K, K, { byLocations, byWeights });
    for (let place = 0; place < around.count; place++) {
      const point = row * K + (around.points[place] as number);
      const weight = weights[point] as number;
      visitCorners(products, rows, row * C, base, around, place, weight);
      byWeights[point] = sumOfCorners(around.weights, 4 * place, products);
      byLocations[2 * point] = weight * sumOfCorners(around.slopesX, 4 * place, products);
      byLocations[2 * point + 1] = weight * sumOfCorners(around.slopesY, 4 * place, products);
    }
  }
  return { byValue: rows.byValue, byLocations, byWeights };
}

/**
 * Sets the NaN gradients of points that are never visited: of a location that is NaN and its weight, and of a location
 * whose weight is not finite.
 */
function markUnknown(
  { locations, weights }: OperandValues,
  first: number,
  count: number,
  { byLocations, byWeights }: Omit<OperandGradients, "byValue">,
): void {
  for (let point = first; point < first + count; point++) {
    const isNowhere = Number.isNaN(locations[2 * point]) || Number.isNaN(locations[2 * point + 1]);
    if (isNowhere) byWeights[point] = NaN;
    if (isNowhere || !Number.isFinite(weights[point])) byLocations.fill(NaN, 2 * point, 2 * point + 2);
  }
}

/**
 * Multiplies the upstream row (at `first`) with what each corner holds, into `products`, and adds to each corner's
 * gradient its share of that row. All four in one loop: twice as fast as one after the other.
 */
function visitCorners(
  products: Float64Array,
  rows: Rows,
  first: number,
  base: number,
  around: Neighbourhood,
  place: number,
  weight: number,
): void {
  const { value, byValue, upstream, C } = rows;
  const at = 4 * place;
  const row0 = base + (around.rows[at] as number);
  const row1 = base + (around.rows[at + 1] as number);
  const row2 = base + (around.rows[at + 2] as number);
  const row3 = base + (around.rows[at + 3] as number);
  const share0 = weight * (around.weights[at] as number);
  const share1 = weight * (around.weights[at + 1] as number);
  const share2 = weight * (around.weights[at + 2] as number);
  const share3 = weight * (around.weights[at + 3] as number);
  let product0 = 0;
  let product1 = 0;
  let product2 = 0;
  let product3 = 0;
  for (let c = 0; c < C; c++) {
    const dy = upstream[first + c] as number;
    product0 += dy * (value[row0 + c] as number);
    product1 += dy * (value[row1 + c] as number);
    product2 += dy * (value[row2 + c] as number);
    product3 += dy * (value[row3 + c] as number);
    // Each is read after the one before is written: a corner outside shares the row of one inside.
    byValue[row0 + c] = (byValue[row0 + c] as number) + share0 * dy;
    byValue[row1 + c] = (byValue[row1 + c] as number) + share1 * dy;
    byValue[row2 + c] = (byValue[row2 + c] as number) + share2 * dy;
    byValue[row3 + c] = (byValue[row3 + c] as number) + share3 * dy;
  }
  products[0] = product0;
  products[1] = product1;
  products[2] = product2;
  products[3] = product3;
}

function sumOfCorners(factors: Float64Array, at: number, products: Float64Array): number {
  const upper =
    (factors[at] as number) * (products[0] as number) + (factors[at + 1] as number) * (products[1] as number);
  const lower =
    (factors[at + 2] as number) * (products[2] as number) + (factors[at + 3] as number) * (products[3] as number);
  return upper + lower;
}
