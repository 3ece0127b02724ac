// Matrix products. Operands are packed into panels first, in blocks that stay in the cache, so that one inner loop
// works for every layout. A matrix is an address and the distances between its rows and columns, in floats.
import { at, fill, LANES, multiplyAdd, optionalAt, VECTOR } from "./vector.as";

/** Rows and columns of the inner loop's tile: its sums take 12 of the 16 vector registers of x86. */
const MR: i32 = 6;
const NR: i32 = 8;
/** Blocks: a panel of B (`KC` by `NR`) in the first cache, A (`MC` by `KC`) in the second. */
const KC: i32 = 256;
const MC: i32 = 96;
const NC: i32 = 512;

/** Floats of working memory: packed A and B, and a tile. */
const PACKED_A: i32 = MC * KC;
const PACKED_B: i32 = NC * KC;
export const GEMM_SCRATCH: i32 = PACKED_A + PACKED_B + MR * NR;

/** Packs at most `KC` rows of `width` columns into panels of `NR` columns, the last padded with zeros. */
function packB(b: usize, rowStride: i32, columnStride: i32, rows: i32, width: i32, target: usize): void {
  for (let column = 0; column < width; column += NR) {
    const count = min(NR, width - column);
    let from = at(b, column * columnStride);
    if (count == NR && columnStride == 1) {
      const step = (<usize>rowStride) << 2;
      for (let row = 0; row < rows; row++, from += step, target += 2 * VECTOR) {
        v128.store(target, v128.load(from));
        v128.store(target, v128.load(from, 16), 16);
      }
    } else {
      if (count < NR) fill(target, rows * NR, 0);
      for (let lane = 0; lane < count; lane++) {
        let source = at(from, lane * columnStride);
        let to = at(target, lane);
        const step = (<usize>rowStride) << 2;
        for (let row = 0; row < rows; row++, source += step, to += 2 * VECTOR) store<f32>(to, load<f32>(source));
      }
      target += (<usize>(rows * NR)) << 2;
    }
  }
}

/** Packs `height` rows of `width` columns, at most `KC`, into panels of `MR` rows, the last padded with zeros. */
function packA(a: usize, rowStride: i32, columnStride: i32, height: i32, width: i32, target: usize): void {
  for (let row = 0; row < height; row += MR) {
    const count = min(MR, height - row);
    const from = at(a, row * rowStride);
    if (count < MR) fill(target, width * MR, 0);
    if (columnStride == 1 && count == MR) {
      let s0 = from;
      const step = (<usize>rowStride) << 2;
      let s1 = s0 + step,
        s2 = s1 + step,
        s3 = s2 + step,
        s4 = s3 + step,
        s5 = s4 + step;
      let to = target;
      let column = 0;
      // Four columns of the first four rows are a 4 by 4 block to transpose.
      for (; column + LANES <= width; column += LANES) {
        const r0 = v128.load(s0),
          r1 = v128.load(s1),
          r2 = v128.load(s2),
          r3 = v128.load(s3),
          r4 = v128.load(s4),
          r5 = v128.load(s5);
        const t0 = i8x16.shuffle(r0, r1, 0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23);
        const t1 = i8x16.shuffle(r0, r1, 8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31);
        const t2 = i8x16.shuffle(r2, r3, 0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23);
        const t3 = i8x16.shuffle(r2, r3, 8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31);
        const t4 = i8x16.shuffle(r4, r5, 0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23);
        const t5 = i8x16.shuffle(r4, r5, 8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31);
        v128.store(to, i64x2.shuffle(t0, t2, 0, 2));
        v128.store64_lane(to, t4, 0, 16);
        v128.store(to, i64x2.shuffle(t0, t2, 1, 3), 24);
        v128.store64_lane(to, t4, 1, 40);
        v128.store(to, i64x2.shuffle(t1, t3, 0, 2), 48);
        v128.store64_lane(to, t5, 0, 64);
        v128.store(to, i64x2.shuffle(t1, t3, 1, 3), 72);
        v128.store64_lane(to, t5, 1, 88);
        s0 += VECTOR;
        s1 += VECTOR;
        s2 += VECTOR;
        s3 += VECTOR;
        s4 += VECTOR;
        s5 += VECTOR;
        to += 6 * VECTOR;
      }
      for (; column < width; column++, to += 24) {
        for (let lane = 0; lane < MR; lane++) store<f32>(at(to, lane), load<f32>(at(from, lane * rowStride + column)));
      }
    } else if (rowStride == 1 && count == MR) {
      let source = from;
      let to = target;
      const step = (<usize>columnStride) << 2;
      for (let column = 0; column < width; column++, source += step, to += 24) {
        v128.store(to, v128.load(source));
        v128.store64_lane(to, v128.load64_zero(source, 16), 0, 16);
      }
    } else {
      for (let lane = 0; lane < count; lane++) {
        let source = at(from, lane * rowStride);
        let to = at(target, lane);
        const step = (<usize>columnStride) << 2;
        for (let column = 0; column < width; column++, source += step, to += (<usize>MR) << 2)
          store<f32>(to, load<f32>(source));
      }
    }
    target += (<usize>(width * MR)) << 2;
  }
}

/**
 * The 6 by 8 sums of products of two panels, written (row by row, `stride` floats apart) to `target`, or added to the
 * values there.
 */
// @ts-ignore: decorator
@inline
function tile(a: usize, b: usize, depth: i32, target: usize, stride: i32, add: bool): void {
  let c00 = f32x4.splat(0),
    c01 = f32x4.splat(0),
    c10 = f32x4.splat(0),
    c11 = f32x4.splat(0),
    c20 = f32x4.splat(0),
    c21 = f32x4.splat(0);
  let c30 = f32x4.splat(0),
    c31 = f32x4.splat(0),
    c40 = f32x4.splat(0),
    c41 = f32x4.splat(0),
    c50 = f32x4.splat(0),
    c51 = f32x4.splat(0);
  const end = a + <usize>(depth * MR * 4);
  for (; a < end; a += <usize>(MR * 4), b += 2 * VECTOR) {
    const b0 = v128.load(b),
      b1 = v128.load(b, 16);
    let x = v128.load32_splat(a);
    c00 = multiplyAdd(x, b0, c00);
    c01 = multiplyAdd(x, b1, c01);
    x = v128.load32_splat(a, 4);
    c10 = multiplyAdd(x, b0, c10);
    c11 = multiplyAdd(x, b1, c11);
    x = v128.load32_splat(a, 8);
    c20 = multiplyAdd(x, b0, c20);
    c21 = multiplyAdd(x, b1, c21);
    x = v128.load32_splat(a, 12);
    c30 = multiplyAdd(x, b0, c30);
    c31 = multiplyAdd(x, b1, c31);
    x = v128.load32_splat(a, 16);
    c40 = multiplyAdd(x, b0, c40);
    c41 = multiplyAdd(x, b1, c41);
    x = v128.load32_splat(a, 20);
    c50 = multiplyAdd(x, b0, c50);
    c51 = multiplyAdd(x, b1, c51);
  }
  const step = (<usize>stride) << 2;
  if (add) {
    let to = target;
    c00 = f32x4.add(c00, v128.load(to));
    c01 = f32x4.add(c01, v128.load(to, 16));
    to += step;
    c10 = f32x4.add(c10, v128.load(to));
    c11 = f32x4.add(c11, v128.load(to, 16));
    to += step;
    c20 = f32x4.add(c20, v128.load(to));
    c21 = f32x4.add(c21, v128.load(to, 16));
    to += step;
    c30 = f32x4.add(c30, v128.load(to));
    c31 = f32x4.add(c31, v128.load(to, 16));
    to += step;
    c40 = f32x4.add(c40, v128.load(to));
    c41 = f32x4.add(c41, v128.load(to, 16));
    to += step;
    c50 = f32x4.add(c50, v128.load(to));
    c51 = f32x4.add(c51, v128.load(to, 16));
  }
  v128.store(target, c00);
  v128.store(target, c01, 16);
  target += step;
  v128.store(target, c10);
  v128.store(target, c11, 16);
  target += step;
  v128.store(target, c20);
  v128.store(target, c21, 16);
  target += step;
  v128.store(target, c30);
  v128.store(target, c31, 16);
  target += step;
  v128.store(target, c40);
  v128.store(target, c41, 16);
  target += step;
  v128.store(target, c50);
  v128.store(target, c51, 16);
}

/**
 * `C = A B`, or `C += A B`. A is `[M, K]`, B `[K, N]`, C `[M, N]` with rows `cStride` floats apart and columns side by
 * side.
 *
 * @param scratch - `GEMM_SCRATCH` floats of working memory
 */
export function gemm(
  a: usize,
  aRow: i32,
  aColumn: i32,
  b: usize,
  bRow: i32,
  bColumn: i32,
  c: usize,
  cStride: i32,
  M: i32,
  N: i32,
  K: i32,
  accumulate: bool,
  scratch: usize,
): void {
  const packedA = scratch;
  const packedB = at(scratch, PACKED_A);
  const edge = at(packedB, PACKED_B);
  if (K == 0 && !accumulate) {
    for (let row = 0; row < M; row++) fill(at(c, row * cStride), N, 0);
    return;
  }
  for (let column = 0; column < N; column += NC) {
    const width = min(NC, N - column);
    for (let depth = 0; depth < K; depth += KC) {
      const count = min(KC, K - depth);
      const add = accumulate || depth > 0;
      packB(at(b, depth * bRow + column * bColumn), bRow, bColumn, count, width, packedB);
      for (let row = 0; row < M; row += MC) {
        const height = min(MC, M - row);
        packA(at(a, row * aRow + depth * aColumn), aRow, aColumn, height, count, packedA);
        for (let j = 0; j < width; j += NR) {
          const panelB = at(packedB, j * count);
          for (let i = 0; i < height; i += MR) {
            const target = at(c, (row + i) * cStride + column + j);
            const panelA = at(packedA, i * count);
            if (i + MR <= height && j + NR <= width) tile(panelA, panelB, count, target, cStride, add);
            else {
              tile(panelA, panelB, count, edge, NR, false);
              copyEdge(edge, target, cStride, min(MR, height - i), min(NR, width - j), add);
            }
          }
        }
      }
    }
  }
}

function copyEdge(edge: usize, target: usize, stride: i32, rows: i32, columns: i32, add: bool): void {
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const value = load<f32>(at(edge, row * NR + column));
      const to = at(target, row * stride + column);
      store<f32>(to, add ? load<f32>(to) + value : value);
    }
  }
}

/**
 * `x = activation(x + bias + residual)` of rows of `columns` floats; bias (a row) and residual (as x) may be 0 for
 * none. NaN stays NaN.
 */
export function finishRows(x: usize, rows: i32, columns: i32, bias: usize, residual: usize, relu: bool): void {
  if (bias == 0 && residual == 0 && !relu) return;
  const zero = f32x4.splat(0);
  for (let row = 0; row < rows; row++) {
    const to = at(x, row * columns);
    const more = optionalAt(residual, row * columns);
    let column = 0;
    for (; column + LANES <= columns; column += LANES) {
      let value = v128.load(at(to, column));
      if (bias != 0) value = f32x4.add(value, v128.load(at(bias, column)));
      if (residual != 0) value = f32x4.add(value, v128.load(at(more, column)));
      if (relu) value = f32x4.max(value, zero);
      v128.store(at(to, column), value);
    }
    for (; column < columns; column++) {
      let value = load<f32>(at(to, column));
      if (bias != 0) value += load<f32>(at(bias, column));
      if (residual != 0) value += load<f32>(at(more, column));
      store<f32>(at(to, column), relu ? max<f32>(value, 0) : value);
    }
  }
}
