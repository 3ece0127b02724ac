// Vectors of four floats, for all other kernels.

/** Floats in a vector, and its bytes. */
export const LANES: i32 = 4;
export const VECTOR: usize = 16;

/**
 * `a * b + c`, with two roundings: a fused one (relaxed SIMD) is a sixth faster, but gives different bits on different
 * processors.
 */
// @ts-ignore: decorator
@inline
export function multiplyAdd(a: v128, b: v128, c: v128): v128 {
  return f32x4.add(f32x4.mul(a, b), c);
}

/** Sum of the four. */
// @ts-ignore: decorator
@inline
export function horizontalSum(v: v128): f32 {
  return f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3));
}

/** Address of the float at `index`. */
// @ts-ignore: decorator
@inline
export function at(base: usize, index: i32): usize {
  return base + ((<usize>index) << 2);
}

/** The same for optional values: the address 0 stays 0. */
// @ts-ignore: decorator
@inline
export function optionalAt(base: usize, index: i32): usize {
  return base == 0 ? base : at(base, index);
}

/**
 * e^x of four numbers up to 88, to about 1e-7 (relative), 0 below -87. x = n ln 2 + rest; the polynomial is that of
 * Cephes' expf, as in the native kernels.
 */
// @ts-ignore: decorator
@inline
export function exponential(x: v128): v128 {
  const kept = f32x4.max(x, f32x4.splat(-87.0));
  const power = f32x4.floor(multiplyAdd(kept, f32x4.splat(1.44269504), f32x4.splat(0.5)));
  // ln 2 in two parts: the first has few digits, so that its multiples are exact.
  const rest = multiplyAdd(
    power,
    f32x4.splat(2.1219444e-4),
    f32x4.sub(kept, f32x4.mul(power, f32x4.splat(0.693359375))),
  );
  let series = f32x4.splat(1.98756915e-4);
  series = multiplyAdd(series, rest, f32x4.splat(1.3981999507e-3));
  series = multiplyAdd(series, rest, f32x4.splat(8.3334519073e-3));
  series = multiplyAdd(series, rest, f32x4.splat(4.1665795894e-2));
  series = multiplyAdd(series, rest, f32x4.splat(1.6666665459e-1));
  series = multiplyAdd(series, rest, f32x4.splat(5.0000001201e-1));
  series = f32x4.add(multiplyAdd(f32x4.mul(series, rest), rest, rest), f32x4.splat(1.0));
  const scale = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(power), i32x4.splat(127)), 23);
  const result = f32x4.mul(series, scale);
  // NaN passes through; results below the smallest normal number are 0.
  return v128.bitselect(v128.bitselect(f32x4.splat(0.0), result, f32x4.lt(x, f32x4.splat(-87.0))), x, f32x4.eq(x, x));
}

/** Sets `count` floats. */
export function fill(target: usize, count: i32, value: f32): void {
  const vector = f32x4.splat(value);
  let index = 0;
  for (; index + LANES <= count; index += LANES) v128.store(at(target, index), vector);
  for (; index < count; index++) store<f32>(at(target, index), value);
}

/** Adds `count` floats to others. */
export function addTo(target: usize, source: usize, count: i32): void {
  let index = 0;
  for (; index + LANES <= count; index += LANES)
    v128.store(at(target, index), f32x4.add(v128.load(at(target, index)), v128.load(at(source, index))));
  for (; index < count; index++)
    store<f32>(at(target, index), load<f32>(at(target, index)) + load<f32>(at(source, index)));
}
