// A linear layer over rows, and its gradients.
import { finishRows, gemm } from "../../shared/gemm.as";
import { at, LANES } from "../../shared/vector.as";

/** `activation(x weight + bias)` of rows `[begin, end)`: x `[rows, I]`, weight `[I, O]`, bias `[O]` or 0. */
export function linear(
  x: usize,
  weight: usize,
  bias: usize,
  y: usize,
  I: i32,
  O: i32,
  relu: bool,
  begin: i32,
  end: i32,
  scratch: usize,
): void {
  // As many rows as stay in the cache until bias and activation have been added.
  for (let row = begin; row < end; row += 192) {
    const count = min(192, end - row);
    const target = at(y, row * O);
    gemm(at(x, row * I), I, 1, weight, O, 1, target, O, count, O, I, false, scratch);
    finishRows(target, count, O, bias, 0, relu);
  }
}

/** `dy weight^T`, rows `[begin, end)`. */
export function linearInputGradient(
  dy: usize,
  weight: usize,
  dx: usize,
  I: i32,
  O: i32,
  begin: i32,
  end: i32,
  scratch: usize,
): void {
  gemm(at(dy, begin * O), O, 1, weight, 1, O, at(dx, begin * I), I, end - begin, I, O, false, scratch);
}

/** `x^T dy` over all rows: rows `[begin, end)` of the weight's gradient. */
export function linearWeightGradient(
  x: usize,
  dy: usize,
  dweight: usize,
  rows: i32,
  I: i32,
  O: i32,
  begin: i32,
  end: i32,
  scratch: usize,
): void {
  gemm(at(x, begin), 1, I, dy, O, 1, at(dweight, begin * O), O, end - begin, O, rows, false, scratch);
}

/**
 * Sums over the rows of a matrix. Blocks of 64 rows are summed in floats, the blocks' sums in doubles: sums of many
 * rows in floats would lose digits.
 */
export function sumRows(x: usize, rows: i32, columns: i32, sums: usize): void {
  let column = 0;
  for (; column + LANES <= columns; column += LANES) {
    let low = f64x2.splat(0),
      high = f64x2.splat(0);
    for (let first = 0; first < rows; first += 64) {
      let part = f32x4.splat(0);
      const end = min(first + 64, rows);
      for (let row = first; row < end; row++) part = f32x4.add(part, v128.load(at(x, row * columns + column)));
      low = f64x2.add(low, f64x2.promote_low_f32x4(part));
      high = f64x2.add(high, f64x2.promote_low_f32x4(i64x2.shuffle(part, part, 1, 1)));
    }
    v128.store(at(sums, column), i64x2.shuffle(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2));
  }
  for (; column < columns; column++) {
    let total: f64 = 0;
    for (let row = 0; row < rows; row++) total += load<f32>(at(x, row * columns + column));
    store<f32>(at(sums, column), <f32>total);
  }
}

/** `dy` where `y` is positive, else 0. */
export function reluGradient(dy: usize, y: usize, dx: usize, count: i32): void {
  const zero = f32x4.splat(0);
  let index = 0;
  for (; index + LANES <= count; index += LANES)
    v128.store(at(dx, index), v128.and(v128.load(at(dy, index)), f32x4.gt(v128.load(at(y, index)), zero)));
  for (; index < count; index++) store<f32>(at(dx, index), load<f32>(at(y, index)) > 0 ? load<f32>(at(dy, index)) : 0);
}
