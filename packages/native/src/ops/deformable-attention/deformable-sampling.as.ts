// Multi-scale deformable attention from the offsets and logits that a layer predicts. `levels` holds each level's
// height, width and first cell as integers. For one query and head at a time, locations and weights of its points are
// computed and sampled.
import { at, exponential, fill, horizontalSum, LANES, multiplyAdd } from "../../shared/vector.as";

/**
 * The cells around a point and their weights: upper left, upper right, lower left, lower right. Read only after {@link
 * locate}.
 */
let right: f32 = 0,
  below: f32 = 0;
let share0: f32 = 0,
  share1: f32 = 0,
  share2: f32 = 0,
  share3: f32 = 0;
let cell0: i32 = 0,
  cell1: i32 = 0,
  cell2: i32 = 0,
  cell3: i32 = 0;

/** Added once or twice to parts of a cell's index, it makes the index negative. */
const OUTSIDE: i32 = -(1 << 30);

/**
 * Position in cells, clamped to at most two cells outside of the map, where samples are 0, so that it fits an integer.
 */
// @ts-ignore: decorator
@inline
function position(location: f32, size: i32): f32 {
  const place = location * <f32>size - <f32>0.5;
  const fromLeft: f32 = place < -2 ? -2 : place;
  return fromLeft > <f32>(size + 1) ? <f32>(size + 1) : fromLeft;
}

/**
 * Locations are 0 to 1 across the map; cell centres lie at (i + 1/2) / size; beyond the border the map is 0. NaN gives
 * NaN.
 */
// @ts-ignore: decorator
@inline
function locate(x: f32, y: f32, height: i32, width: i32, first: i32): void {
  const across = position(x, width),
    down = position(y, height);
  const left = floor<f32>(across),
    top = floor<f32>(down);
  right = across - left;
  below = down - top;
  share0 = (1 - right) * (1 - below);
  share1 = right * (1 - below);
  share2 = (1 - right) * below;
  share3 = right * below;
  // NaN can't be an integer, and counts as outside.
  const column = left == left ? <i32>left : -2,
    row = top == top ? <i32>top : -2;
  const atLeft = <u32>column < <u32>width ? column : OUTSIDE,
    atRight = <u32>(column + 1) < <u32>width ? column + 1 : OUTSIDE;
  const upper = <u32>row < <u32>height ? first + row * width : OUTSIDE,
    lower = <u32>(row + 1) < <u32>height ? first + (row + 1) * width : OUTSIDE;
  cell0 = upper + atLeft;
  cell1 = upper + atRight;
  cell2 = lower + atLeft;
  cell3 = lower + atRight;
}

/** Softmax of `count` numbers, written as whole vectors that are padded with zeros. */
function softmax(logits: usize, count: i32, weights: usize): void {
  const end = (count + LANES - 1) & ~(LANES - 1);
  let largest = load<f32>(logits);
  for (let i = 0; i < end; i++) {
    const logit = i < count ? load<f32>(at(logits, i)) : -Infinity;
    store<f32>(at(weights, i), logit);
    largest = max<f32>(largest, logit);
  }
  let totals = f32x4.splat(0);
  for (let i = 0; i < end; i += LANES) {
    const share = exponential(f32x4.sub(v128.load(at(weights, i)), f32x4.splat(largest)));
    v128.store(at(weights, i), share);
    totals = f32x4.add(totals, share);
  }
  const factor = f32x4.splat(<f32>1 / horizontalSum(totals));
  for (let i = 0; i < end; i += LANES) v128.store(at(weights, i), f32x4.mul(v128.load(at(weights, i)), factor));
}

/** Length of an offset of 1 in a level, in units of the map's size: a cell, or a part of half the reference box. */
// @ts-ignore: decorator
@inline
function unitOf(reference: usize, referenceSize: i32, axis: i32, size: i32, points: i32): f32 {
  if (referenceSize == 2) return <f32>1 / <f32>size;
  return load<f32>(at(reference, 2 + axis)) * (<f32>0.5 / <f32>points);
}

/** Row of a cell; of one outside of the map, a row of zeros. */
// @ts-ignore: decorator
@inline
function rowOf(rows: usize, cell: i32, width: i32, outside: usize): usize {
  return cell < 0 ? outside : at(rows, cell * width);
}

/**
 * Queries `[begin, end)` of all images' queries: result `[B, Q, D]` from value `[B, S, D]`, offsets `[B, Q, M L P 2]`,
 * logits `[B, Q, M L P]` and references `[B, Q, L, 2 or 4]`.
 *
 * @param scratch - weights of a head in whole vectors, and `D` floats
 */
export function deformableSampling(
  value: usize,
  offsets: usize,
  logits: usize,
  references: usize,
  referenceSize: i32,
  levels: usize,
  numLevels: i32,
  heads: i32,
  points: i32,
  queries: i32,
  cells: i32,
  width: i32,
  result: usize,
  begin: i32,
  end: i32,
  scratch: usize,
): void {
  const head = width / heads,
    samples = numLevels * points;
  const zeros = scratch,
    weights = at(scratch, width);
  fill(zeros, width, 0);
  for (let query = begin; query < end; query++) {
    const rows = at(value, (query / queries) * cells * width);
    for (let h = 0; h < heads; h++) {
      const own = at(rows, h * head),
        into = at(result, query * width + h * head),
        first = (query * heads + h) * samples;
      softmax(at(logits, first), samples, weights);
      fill(into, head, 0);
      for (let level = 0; level < numLevels; level++) {
        const shape = at(levels, 3 * level),
          height = load<i32>(shape),
          columns = load<i32>(shape, 4),
          start = load<i32>(shape, 8);
        const reference = at(references, (query * numLevels + level) * referenceSize);
        const unitX = unitOf(reference, referenceSize, 0, columns, points),
          unitY = unitOf(reference, referenceSize, 1, height, points);
        for (let point = level * points; point < (level + 1) * points; point++) {
          const offset = at(offsets, 2 * (first + point));
          locate(
            load<f32>(reference) + load<f32>(offset) * unitX,
            load<f32>(reference, 4) + load<f32>(offset, 4) * unitY,
            height,
            columns,
            start,
          );
          const weight = load<f32>(at(weights, point));
          const row0 = rowOf(own, cell0, width, zeros),
            row1 = rowOf(own, cell1, width, zeros);
          const row2 = rowOf(own, cell2, width, zeros),
            row3 = rowOf(own, cell3, width, zeros);
          const factor0 = weight * share0,
            factor1 = weight * share1,
            factor2 = weight * share2,
            factor3 = weight * share3;
          let i = 0;
          for (; i + LANES <= head; i += LANES) {
            let sum = v128.load(at(into, i));
            sum = multiplyAdd(f32x4.splat(factor0), v128.load(at(row0, i)), sum);
            sum = multiplyAdd(f32x4.splat(factor1), v128.load(at(row1, i)), sum);
            sum = multiplyAdd(f32x4.splat(factor2), v128.load(at(row2, i)), sum);
            v128.store(at(into, i), multiplyAdd(f32x4.splat(factor3), v128.load(at(row3, i)), sum));
          }
          for (; i < head; i++) {
            const upper = factor0 * load<f32>(at(row0, i)) + factor1 * load<f32>(at(row1, i));
            const lower = factor2 * load<f32>(at(row2, i)) + factor3 * load<f32>(at(row3, i));
            store<f32>(at(into, i), load<f32>(at(into, i)) + upper + lower);
          }
        }
      }
    }
  }
}

/**
 * Adds `factor` times the upstream row to a cell's gradient, and returns the product of that row with the cell's value.
 */
function visitCell(upstream: usize, from: usize, into: usize, factor: f32, head: i32): f32 {
  let products = f32x4.splat(0);
  let product: f32 = 0;
  let i = 0;
  for (; i + LANES <= head; i += LANES) {
    const gradient = v128.load(at(upstream, i));
    products = multiplyAdd(gradient, v128.load(at(from, i)), products);
    v128.store(at(into, i), multiplyAdd(gradient, f32x4.splat(factor), v128.load(at(into, i))));
  }
  for (; i < head; i++) {
    const gradient = load<f32>(at(upstream, i));
    product += gradient * load<f32>(at(from, i));
    store<f32>(at(into, i), load<f32>(at(into, i)) + factor * gradient);
  }
  return product + horizontalSum(products);
}

/**
 * Images `[begin, end)`: gradients with respect to value, offsets, logits and references, from the gradient of the
 * result.
 *
 * @param scratch - as in the forward pass, and another `D` floats
 */
export function deformableSamplingGradient(
  value: usize,
  offsets: usize,
  logits: usize,
  references: usize,
  referenceSize: i32,
  levels: usize,
  numLevels: i32,
  heads: i32,
  points: i32,
  queries: i32,
  cells: i32,
  width: i32,
  upstream: usize,
  dvalue: usize,
  doffsets: usize,
  dlogits: usize,
  dreferences: usize,
  begin: i32,
  end: i32,
  scratch: usize,
): void {
  const head = width / heads,
    samples = numLevels * points;
  const zeros = scratch,
    sink = at(scratch, width),
    weights = at(scratch, 2 * width);
  fill(zeros, 2 * width, 0);
  fill(at(dvalue, begin * cells * width), (end - begin) * cells * width, 0);
  fill(
    at(dreferences, begin * queries * numLevels * referenceSize),
    (end - begin) * queries * numLevels * referenceSize,
    0,
  );
  for (let query = begin * queries; query < end * queries; query++) {
    const image = (query / queries) * cells * width;
    for (let h = 0; h < heads; h++) {
      const own = at(value, image + h * head),
        ownGradient = at(dvalue, image + h * head),
        first = (query * heads + h) * samples;
      const gradient = at(upstream, query * width + h * head);
      softmax(at(logits, first), samples, weights);
      let mean: f32 = 0;
      for (let level = 0; level < numLevels; level++) {
        const shape = at(levels, 3 * level),
          height = load<i32>(shape),
          columns = load<i32>(shape, 4),
          start = load<i32>(shape, 8);
        const reference = at(references, (query * numLevels + level) * referenceSize),
          byReference = at(dreferences, (query * numLevels + level) * referenceSize);
        const unitX = unitOf(reference, referenceSize, 0, columns, points),
          unitY = unitOf(reference, referenceSize, 1, height, points);
        let sumX: f32 = 0,
          sumY: f32 = 0,
          sumWidth: f32 = 0,
          sumHeight: f32 = 0;
        for (let point = level * points; point < (level + 1) * points; point++) {
          const offset = at(offsets, 2 * (first + point));
          locate(
            load<f32>(reference) + load<f32>(offset) * unitX,
            load<f32>(reference, 4) + load<f32>(offset, 4) * unitY,
            height,
            columns,
            start,
          );
          const weight = load<f32>(at(weights, point));
          const upperLeft = visitCell(
            gradient,
            rowOf(own, cell0, width, zeros),
            rowOf(ownGradient, cell0, width, sink),
            weight * share0,
            head,
          );
          const upperRight = visitCell(
            gradient,
            rowOf(own, cell1, width, zeros),
            rowOf(ownGradient, cell1, width, sink),
            weight * share1,
            head,
          );
          const lowerLeft = visitCell(
            gradient,
            rowOf(own, cell2, width, zeros),
            rowOf(ownGradient, cell2, width, sink),
            weight * share2,
            head,
          );
          const lowerRight = visitCell(
            gradient,
            rowOf(own, cell3, width, zeros),
            rowOf(ownGradient, cell3, width, sink),
            weight * share3,
            head,
          );
          // The sampled value is linear in each of the four cells, and bilinear in the position between them.
          const byX =
            weight * <f32>columns * ((1 - below) * (upperRight - upperLeft) + below * (lowerRight - lowerLeft));
          const byY =
            weight * <f32>height * ((1 - right) * (lowerLeft - upperLeft) + right * (lowerRight - upperRight));
          const byWeight = share0 * upperLeft + share1 * upperRight + share2 * lowerLeft + share3 * lowerRight;
          store<f32>(at(dlogits, first + point), byWeight);
          mean += weight * byWeight;
          sumX += byX;
          sumY += byY;
          sumWidth += byX * load<f32>(offset);
          sumHeight += byY * load<f32>(offset, 4);
          store<f32>(at(doffsets, 2 * (first + point)), byX * unitX);
          store<f32>(at(doffsets, 2 * (first + point) + 1), byY * unitY);
        }
        store<f32>(byReference, load<f32>(byReference) + sumX);
        store<f32>(byReference, load<f32>(byReference, 4) + sumY, 4);
        if (referenceSize == 4) {
          const part = <f32>0.5 / <f32>points;
          store<f32>(byReference, load<f32>(byReference, 8) + sumWidth * part, 8);
          store<f32>(byReference, load<f32>(byReference, 12) + sumHeight * part, 12);
        }
      }
      for (let i = 0; i < samples; i++) {
        const to = at(dlogits, first + i);
        store<f32>(to, load<f32>(at(weights, i)) * (load<f32>(to) - mean));
      }
    }
  }
}
