// The inner loops of resizing and normalising, in AssemblyScript with SIMD. Not part of the TypeScript build:
// tools/build-image-kernels.mjs compiles this file to src/image-kernels-wasm.ts. Pointers are byte offsets in the
// module's memory; the caller lays it out. Loads and stores may pass the end of a row by up to 15 bytes, so the caller
// leaves that much room behind the last one.

const weightBits: i32 = 22;
const half: i32 = 1 << 21;

/**
 * `rows` rows of RGB bytes, each made `width` pixels wide: a weighted sum of `counts[x]` neighbours for each output
 * pixel.
 */
export function resizeRows(
  source: usize,
  target: usize,
  rows: i32,
  sourceStride: i32,
  width: i32,
  firsts: usize,
  counts: usize,
  weights: usize,
  taps: i32,
): void {
  const start = i32x4.splat(half);
  for (let row = 0; row < rows; row++) {
    const from = source + <usize>(row * sourceStride);
    let to = target + <usize>(row * width * 3);
    let weightRow = weights;
    for (let x = 0; x < width; x++) {
      let at = from + <usize>(load<i32>(firsts + ((<usize>x) << 2)) * 3);
      const end = at + <usize>(load<i32>(counts + ((<usize>x) << 2)) * 3);
      let weight = weightRow;
      let sum = start;
      for (; at < end; at += 3, weight += 4) {
        const pixel = i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(at)));
        sum = i32x4.add(sum, i32x4.mul(pixel, v128.load32_splat(weight)));
      }
      const levels = i32x4.shr_u(sum, weightBits);
      const words = i16x8.narrow_i32x4_u(levels, levels);
      store<u32>(to, i32x4.extract_lane(i8x16.narrow_i16x8_u(words, words), 0));
      to += 3;
      weightRow += (<usize>taps) << 2;
    }
  }
}

/** `rows` output rows of `stride` bytes: each a weighted sum of `counts[row]` rows of the source. */
export function resizeColumns(
  source: usize,
  target: usize,
  rows: i32,
  stride: i32,
  firsts: usize,
  counts: usize,
  weights: usize,
  taps: i32,
): void {
  const start = i32x4.splat(half);
  for (let row = 0; row < rows; row++) {
    const from = source + <usize>(load<i32>(firsts + ((<usize>row) << 2)) * stride);
    const end = <usize>(load<i32>(counts + ((<usize>row) << 2)) * stride);
    const to = target + <usize>(row * stride);
    const weightRow = weights + ((<usize>(row * taps)) << 2);
    for (let column: usize = 0; column < <usize>stride; column += 16) {
      let first = start;
      let second = start;
      let third = start;
      let fourth = start;
      let weight = weightRow;
      for (let tap: usize = 0; tap < end; tap += <usize>stride, weight += 4) {
        const bytes = v128.load(from + tap + column);
        const factor = v128.load32_splat(weight);
        const low = i16x8.extend_low_i8x16_u(bytes);
        const high = i16x8.extend_high_i8x16_u(bytes);
        first = i32x4.add(first, i32x4.mul(i32x4.extend_low_i16x8_u(low), factor));
        second = i32x4.add(second, i32x4.mul(i32x4.extend_high_i16x8_u(low), factor));
        third = i32x4.add(third, i32x4.mul(i32x4.extend_low_i16x8_u(high), factor));
        fourth = i32x4.add(fourth, i32x4.mul(i32x4.extend_high_i16x8_u(high), factor));
      }
      const low = i16x8.narrow_i32x4_u(i32x4.shr_u(first, weightBits), i32x4.shr_u(second, weightBits));
      const high = i16x8.narrow_i32x4_u(i32x4.shr_u(third, weightBits), i32x4.shr_u(fourth, weightBits));
      v128.store(to + column, i8x16.narrow_i16x8_u(low, high));
    }
  }
}

/** `pixels` RGB pixels to floats by a table of 256 values for each channel. */
export function normalise(source: usize, target: usize, pixels: i32, table: usize): void {
  const end = source + <usize>(pixels * 3);
  for (let to = target; source < end; source += 3, to += 12) {
    store<f32>(to, load<f32>(table + ((<usize>load<u8>(source)) << 2)));
    store<f32>(to, load<f32>(table + ((<usize>load<u8>(source, 1)) << 2), 1024), 4);
    store<f32>(to, load<f32>(table + ((<usize>load<u8>(source, 2)) << 2), 2048), 8);
  }
}
