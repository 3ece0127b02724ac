// Seed and index of an element alone decide whether dropout keeps it, as in the native kernels (shared/random_mask.h):
// the backward pass draws again instead of storing the mask, and both backends drop the same elements.
import { at, LANES } from "../../shared/vector.as";

function mix(word: u32): u32 {
  word = (word ^ (word >> 16)) * 0x7feb352d;
  word = (word ^ (word >> 15)) * 0x846ca68b;
  return word ^ (word >> 16);
}

// @ts-ignore: decorator
@inline
function mixFour(word: v128): v128 {
  word = i32x4.mul(v128.xor(word, i32x4.shr_u(word, 16)), i32x4.splat(0x7feb352d));
  word = i32x4.mul(v128.xor(word, i32x4.shr_u(word, 15)), i32x4.splat(0x846ca68b));
  return v128.xor(word, i32x4.shr_u(word, 16));
}

/**
 * Multiplies each of `count` values by 0 or `1 / (1 - rate)`, drawn by its index; `index` is that of the first value.
 */
export function applyMask(values: usize, into: usize, index: u64, count: i32, rate: f32, seed: u32): void {
  const threshold = <u32>(<f64>rate * 4294967295.0);
  const scale = <f32>1 / (<f32>1 - rate);
  const key = mix(seed + <u32>(index >> 32)),
    low = <u32>index;
  const keys = i32x4.splat(key),
    thresholds = i32x4.splat(threshold),
    scales = f32x4.splat(scale);
  let place = 0;
  let places = i32x4.add(i32x4.splat(low), i32x4(0, 1, 2, 3));
  for (; place + LANES <= count; place += LANES) {
    const dropped = i32x4.lt_u(mixFour(v128.xor(places, keys)), thresholds);
    v128.store(at(into, place), v128.andnot(f32x4.mul(v128.load(at(values, place)), scales), dropped));
    places = i32x4.add(places, i32x4.splat(4));
  }
  for (; place < count; place++) {
    const word = mix((low + <u32>place) ^ key);
    store<f32>(at(into, place), word < threshold ? 0 : load<f32>(at(values, place)) * scale);
  }
}

/** Dropout of `count` values, the first of which has the index `first`. */
export function dropout(values: usize, into: usize, first: i32, count: i32, rate: f32, seed: i32): void {
  applyMask(at(values, first), at(into, first), <u64>(<u32>first), count, rate, <u32>seed);
}
