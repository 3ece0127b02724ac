// One step of AdamW (Loshchilov and Hutter, 2019), parameter by parameter.
import { at, LANES, horizontalSum, multiplyAdd } from "../../shared/vector.as";

/** Sum of the squares of `count` floats. Blocks of 4096 are summed in floats, the blocks' sums in doubles. */
export function sumOfSquares(values: usize, count: i32): f64 {
  let total: f64 = 0;
  for (let first = 0; first < count; first += 4096) {
    const end = min(first + 4096, count);
    let sums = f32x4.splat(0);
    let rest: f32 = 0;
    let i = first;
    for (; i + LANES <= end; i += LANES) {
      const value = v128.load(at(values, i));
      sums = multiplyAdd(value, value, sums);
    }
    for (; i < end; i++) rest += load<f32>(at(values, i)) * load<f32>(at(values, i));
    total += horizontalSum(sums) + rest;
  }
  return total;
}

/**
 * Changes `count` values and their moments in place. `factor` clips the gradient; `size` is the learning rate divided
 * by the first bias correction, `left` the factor of the weight decay, `root` the root of the second bias correction.
 */
export function adamW(
  gradient: usize,
  first: usize,
  second: usize,
  values: usize,
  count: i32,
  factor: f32,
  keep1: f32,
  add1: f32,
  keep2: f32,
  add2: f32,
  epsilon: f32,
  size: f32,
  left: f32,
  root: f32,
): void {
  let i = 0;
  for (; i + LANES <= count; i += LANES) {
    const g = f32x4.mul(v128.load(at(gradient, i)), f32x4.splat(factor));
    const m = f32x4.add(f32x4.mul(f32x4.splat(keep1), v128.load(at(first, i))), f32x4.mul(f32x4.splat(add1), g));
    const v = f32x4.add(
      f32x4.mul(f32x4.splat(keep2), v128.load(at(second, i))),
      f32x4.mul(f32x4.mul(f32x4.splat(add2), g), g),
    );
    v128.store(at(first, i), m);
    v128.store(at(second, i), v);
    const step = f32x4.div(
      f32x4.mul(f32x4.splat(size), m),
      f32x4.add(f32x4.div(f32x4.sqrt(v), f32x4.splat(root)), f32x4.splat(epsilon)),
    );
    v128.store(at(values, i), f32x4.sub(f32x4.mul(v128.load(at(values, i)), f32x4.splat(left)), step));
  }
  for (; i < count; i++) {
    const g = load<f32>(at(gradient, i)) * factor;
    const m = keep1 * load<f32>(at(first, i)) + add1 * g;
    const v = keep2 * load<f32>(at(second, i)) + add2 * g * g;
    store<f32>(at(first, i), m);
    store<f32>(at(second, i), v);
    store<f32>(at(values, i), load<f32>(at(values, i)) * left - (size * m) / (sqrt<f32>(v) / root + epsilon));
  }
}
