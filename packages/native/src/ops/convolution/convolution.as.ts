// Convolution of NHWC maps and its two gradients as matrix products: the windows of a few hundred output pixels at a
// time are written as rows ("im2col") and multiplied. Sizes come as integers at an address: B, H, W, I, filter height
// and width, O, H', W', strides down and right, rows and columns of padding before the first, dilation down and right.
import { finishRows, gemm, GEMM_SCRATCH } from "../../shared/gemm.as";
import { addTo, at, fill, optionalAt } from "../../shared/vector.as";

// @ts-ignore: decorator
@inline
function size(sizes: usize, index: i32): i32 {
  return load<i32>(at(sizes, index));
}

/** Whether windows are single pixels in order, so that the map itself is the matrix. */
function isProduct(sizes: usize): bool {
  return (
    size(sizes, 4) == 1 &&
    size(sizes, 5) == 1 &&
    size(sizes, 9) == 1 &&
    size(sizes, 10) == 1 &&
    size(sizes, 1) == size(sizes, 7) &&
    size(sizes, 2) == size(sizes, 8)
  );
}

/**
 * Copies the windows of output pixels `[first, first + count)` to rows, or adds rows to the map they were taken from.
 */
function moveWindows(map: usize, rows: usize, sizes: usize, first: i32, count: i32, back: bool): void {
  const height = size(sizes, 1),
    width = size(sizes, 2),
    channels = size(sizes, 3),
    filterHeight = size(sizes, 4),
    filterWidth = size(sizes, 5);
  const outHeight = size(sizes, 7),
    outWidth = size(sizes, 8),
    down = size(sizes, 9),
    right = size(sizes, 10);
  const above = size(sizes, 11),
    before = size(sizes, 12),
    rowStep = size(sizes, 13),
    columnStep = size(sizes, 14);
  const bytes = (<usize>channels) << 2;
  const whole = columnStep == 1;
  let row = rows;
  for (let pixel = first; pixel < first + count; pixel++) {
    const image = pixel / (outHeight * outWidth);
    const within = pixel % (outHeight * outWidth);
    const top = (within / outWidth) * down - above,
      left = (within % outWidth) * right - before;
    for (let tapRow = 0; tapRow < filterHeight; tapRow++) {
      const y = top + tapRow * rowStep;
      if (<u32>y >= <u32>height) {
        if (!back) memory.fill(row, 0, <usize>filterWidth * bytes);
        row += <usize>filterWidth * bytes;
        continue;
      }
      const line = map + <usize>((image * height + y) * width) * bytes;
      if (whole && left >= 0 && left + filterWidth <= width) {
        // The taps of one line are adjacent in memory.
        const source = line + <usize>left * bytes;
        if (back) addTo(source, row, filterWidth * channels);
        else copyFloats(row, source, filterWidth * channels);
        row += <usize>filterWidth * bytes;
        continue;
      }
      for (let tap = 0; tap < filterWidth; tap++, row += bytes) {
        const x = left + tap * columnStep;
        if (<u32>x < <u32>width) {
          if (back) addTo(line + <usize>x * bytes, row, channels);
          else copyFloats(row, line + <usize>x * bytes, channels);
        } else if (!back) fill(row, channels, 0);
      }
    }
  }
}

/** `memory.copy` is a call out of the kernels, which costs more than the dozens of floats of a window. */
// @ts-ignore: decorator
@inline
function copyFloats(target: usize, source: usize, count: i32): void {
  let index = 0;
  for (; index + 4 <= count; index += 4) v128.store(at(target, index), v128.load(at(source, index)));
  for (; index < count; index++) store<f32>(at(target, index), load<f32>(at(source, index)));
}

// @ts-ignore: decorator
@inline
function windowSize(sizes: usize): i32 {
  return size(sizes, 3) * size(sizes, 4) * size(sizes, 5);
}

/**
 * Output pixels `[begin, end)` of all images: `activation(convolution + bias + residual)`, bias and residual 0 where
 * there is none.
 *
 * @param scratch - room for a product and for `chunk` windows
 */
export function convolution(
  input: usize,
  filter: usize,
  output: usize,
  bias: usize,
  residual: usize,
  relu: bool,
  sizes: usize,
  begin: i32,
  end: i32,
  chunk: i32,
  scratch: usize,
): void {
  const K = windowSize(sizes),
    O = size(sizes, 6);
  const direct = isProduct(sizes);
  const rows = at(scratch, GEMM_SCRATCH);
  for (let first = begin; first < end; first += chunk) {
    const count = min(chunk, end - first);
    if (!direct) moveWindows(input, rows, sizes, first, count, false);
    const target = at(output, first * O);
    gemm(direct ? at(input, first * K) : rows, K, 1, filter, O, 1, target, O, count, O, K, false, scratch);
    finishRows(target, count, O, bias, optionalAt(residual, first * O), relu);
  }
}

/** The gradient with respect to the input, of images `[begin, end)`. */
export function convolutionInputGradient(
  filter: usize,
  dy: usize,
  dx: usize,
  sizes: usize,
  begin: i32,
  end: i32,
  chunk: i32,
  scratch: usize,
): void {
  const K = windowSize(sizes),
    O = size(sizes, 6);
  const pixels = size(sizes, 7) * size(sizes, 8),
    imageSize = size(sizes, 1) * size(sizes, 2) * size(sizes, 3);
  const direct = isProduct(sizes);
  const rows = at(scratch, GEMM_SCRATCH);
  if (!direct) fill(at(dx, begin * imageSize), (end - begin) * imageSize, 0);
  for (let first = begin * pixels; first < end * pixels; first += chunk) {
    const count = min(chunk, end * pixels - first);
    gemm(at(dy, first * O), O, 1, filter, 1, O, direct ? at(dx, first * K) : rows, K, count, K, O, false, scratch);
    if (!direct) moveWindows(dx, rows, sizes, first, count, true);
  }
}

/** The part of the gradient with respect to the filter that comes from output pixels `[begin, end)`. */
export function convolutionFilterGradient(
  input: usize,
  dy: usize,
  dfilter: usize,
  sizes: usize,
  begin: i32,
  end: i32,
  chunk: i32,
  scratch: usize,
): void {
  const K = windowSize(sizes),
    O = size(sizes, 6);
  const direct = isProduct(sizes);
  const rows = at(scratch, GEMM_SCRATCH);
  if (begin == end) fill(dfilter, K * O, 0);
  for (let first = begin; first < end; first += chunk) {
    const count = min(chunk, end - first);
    if (!direct) moveWindows(input, rows, sizes, first, count, false);
    gemm(
      direct ? at(input, first * K) : rows,
      1,
      K,
      at(dy, first * O),
      O,
      1,
      dfilter,
      O,
      K,
      O,
      count,
      first > begin,
      scratch,
    );
  }
}
