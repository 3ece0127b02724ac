// Layer norm of rows, with the residual sum that comes before it in a transformer.
import { at, fill, horizontalSum, LANES, multiplyAdd, optionalAt } from "../../shared/vector.as";

// Lengths need not be multiples of four: the rest of a row is processed number by number.

/**
 * Rows `[begin, end)` of `norm(x + residual) * weight + bias`, with each row's mean and 1/deviation. Residual 0: none.
 */
export function layerNorm(
  x: usize,
  residual: usize,
  weight: usize,
  bias: usize,
  y: usize,
  means: usize,
  scales: usize,
  columns: i32,
  epsilon: f32,
  begin: i32,
  end: i32,
): void {
  for (let row = begin; row < end; row++) {
    const from = at(x, row * columns),
      more = optionalAt(residual, row * columns),
      to = at(y, row * columns);
    let sums = f32x4.splat(0);
    let rest: f32 = 0;
    let i = 0;
    for (; i + LANES <= columns; i += LANES) {
      let value = v128.load(at(from, i));
      if (residual != 0) value = f32x4.add(value, v128.load(at(more, i)));
      v128.store(at(to, i), value);
      sums = f32x4.add(sums, value);
    }
    for (; i < columns; i++) {
      let value = load<f32>(at(from, i));
      if (residual != 0) value += load<f32>(at(more, i));
      store<f32>(at(to, i), value);
      rest += value;
    }
    const mean = (horizontalSum(sums) + rest) / <f32>columns;
    const centre = f32x4.splat(mean);
    let squares = f32x4.splat(0);
    rest = 0;
    for (i = 0; i + LANES <= columns; i += LANES) {
      const away = f32x4.sub(v128.load(at(to, i)), centre);
      squares = multiplyAdd(away, away, squares);
    }
    for (; i < columns; i++) {
      const away = load<f32>(at(to, i)) - mean;
      rest += away * away;
    }
    const scale = <f32>1 / sqrt<f32>((horizontalSum(squares) + rest) / <f32>columns + epsilon);
    const factor = f32x4.splat(scale);
    for (i = 0; i + LANES <= columns; i += LANES) {
      const normalised = f32x4.mul(f32x4.sub(v128.load(at(to, i)), centre), factor);
      v128.store(at(to, i), multiplyAdd(normalised, v128.load(at(weight, i)), v128.load(at(bias, i))));
    }
    for (; i < columns; i++) {
      store<f32>(at(to, i), (load<f32>(at(to, i)) - mean) * scale * load<f32>(at(weight, i)) + load<f32>(at(bias, i)));
    }
    store<f32>(at(means, row), mean);
    store<f32>(at(scales, row), scale);
  }
}

/**
 * Gradients with respect to x (the residual's is the same), weight and bias, over rows `[begin, end)`.
 *
 * @param scratch - a row of floats
 */
export function layerNormGradient(
  dy: usize,
  x: usize,
  residual: usize,
  weight: usize,
  means: usize,
  scales: usize,
  dx: usize,
  dweight: usize,
  dbias: usize,
  columns: i32,
  begin: i32,
  end: i32,
  scratch: usize,
): void {
  fill(dweight, columns, 0);
  fill(dbias, columns, 0);
  for (let row = begin; row < end; row++) {
    const from = at(x, row * columns),
      more = optionalAt(residual, row * columns),
      gradient = at(dy, row * columns),
      to = at(dx, row * columns);
    const mean = load<f32>(at(means, row)),
      scale = load<f32>(at(scales, row));
    const centre = f32x4.splat(mean),
      factor = f32x4.splat(scale);
    let totals = f32x4.splat(0),
      alongs = f32x4.splat(0);
    let total: f32 = 0,
      along: f32 = 0;
    let i = 0;
    for (; i + LANES <= columns; i += LANES) {
      let value = v128.load(at(from, i));
      if (residual != 0) value = f32x4.add(value, v128.load(at(more, i)));
      const normalised = f32x4.mul(f32x4.sub(value, centre), factor);
      v128.store(at(scratch, i), normalised);
      const upstream = v128.load(at(gradient, i));
      const weighted = f32x4.mul(upstream, v128.load(at(weight, i)));
      totals = f32x4.add(totals, weighted);
      alongs = multiplyAdd(weighted, normalised, alongs);
      v128.store(at(dweight, i), multiplyAdd(upstream, normalised, v128.load(at(dweight, i))));
      v128.store(at(dbias, i), f32x4.add(upstream, v128.load(at(dbias, i))));
    }
    for (; i < columns; i++) {
      let value = load<f32>(at(from, i));
      if (residual != 0) value += load<f32>(at(more, i));
      const normalised = (value - mean) * scale;
      store<f32>(at(scratch, i), normalised);
      const upstream = load<f32>(at(gradient, i));
      const weighted = upstream * load<f32>(at(weight, i));
      total += weighted;
      along += weighted * normalised;
      store<f32>(at(dweight, i), load<f32>(at(dweight, i)) + upstream * normalised);
      store<f32>(at(dbias, i), load<f32>(at(dbias, i)) + upstream);
    }
    total = (total + horizontalSum(totals)) / <f32>columns;
    along = (along + horizontalSum(alongs)) / <f32>columns;
    const shift = f32x4.splat(total),
      tilt = f32x4.splat(along);
    for (i = 0; i + LANES <= columns; i += LANES) {
      const weighted = f32x4.mul(v128.load(at(gradient, i)), v128.load(at(weight, i)));
      const straight = f32x4.sub(f32x4.sub(weighted, shift), f32x4.mul(v128.load(at(scratch, i)), tilt));
      v128.store(at(to, i), f32x4.mul(factor, straight));
    }
    for (; i < columns; i++) {
      store<f32>(
        at(to, i),
        scale * (load<f32>(at(gradient, i)) * load<f32>(at(weight, i)) - total - load<f32>(at(scratch, i)) * along),
      );
    }
  }
}
