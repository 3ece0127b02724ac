// Multi-head scaled dot-product attention on projected queries, keys and values, whose heads lie side by side. Only the
// attention weights of one tile of queries are in memory at a time; the backward pass computes them again, exactly as
// the forward pass does.
import { applyMask } from "../dropout/dropout.as";
import { gemm, GEMM_SCRATCH } from "../../shared/gemm.as";
import { at, exponential, horizontalSum, LANES, multiplyAdd } from "../../shared/vector.as";

const TILE: i32 = 64;
/**
 * As in the plain composition: a row whose keys are all padding attends to all of them equally instead of giving NaN.
 */
const MASKED: f32 = -1e30;

/** Number of floats from one row of weights to the next, a multiple of a vector. */
// @ts-ignore: decorator
@inline
function strideOf(keys: i32): i32 {
  return (keys + LANES - 1) & ~(LANES - 1);
}

/** Bytes of working memory of either pass. */
export function attentionScratch(keys: i32): i32 {
  return (GEMM_SCRATCH + (3 * TILE + 2) * strideOf(keys)) << 2;
}

/**
 * For each key, whether its score is replaced (all bits set), and the replacement: `MASKED` for padding, -Infinity for
 * entries that only fill up the vector.
 */
function writeReplacements(keyPaddingMask: usize, image: i32, keys: i32, masks: usize, replacements: usize): void {
  const stride = strideOf(keys);
  for (let key = 0; key < stride; key++) {
    const padded = key < keys && keyPaddingMask != 0 && load<u8>(keyPaddingMask + <usize>(image * keys + key)) != 0;
    store<i32>(at(masks, key), padded || key >= keys ? -1 : 0);
    store<f32>(at(replacements, key), key < keys ? MASKED : -Infinity);
  }
}

/** Softmax of the scaled scores of `count` queries. */
function weightsOf(
  query: usize,
  key: usize,
  count: i32,
  keys: i32,
  width: i32,
  head: i32,
  masks: usize,
  replacements: usize,
  weights: usize,
  scratch: usize,
): void {
  const stride = strideOf(keys);
  const scale = f32x4.splat(<f32>1 / sqrt<f32>(<f32>head));
  gemm(query, width, 1, key, 1, width, weights, stride, count, keys, head, false, scratch);
  for (let row = 0; row < count; row++) {
    const values = at(weights, row * stride);
    let largest = f32x4.splat(-Infinity);
    for (let i = 0; i < stride; i += LANES) {
      const score = v128.bitselect(
        v128.load(at(replacements, i)),
        f32x4.mul(v128.load(at(values, i)), scale),
        v128.load(at(masks, i)),
      );
      v128.store(at(values, i), score);
      largest = f32x4.max(largest, score);
    }
    const most = f32x4.splat(
      max<f32>(
        max<f32>(f32x4.extract_lane(largest, 0), f32x4.extract_lane(largest, 1)),
        max<f32>(f32x4.extract_lane(largest, 2), f32x4.extract_lane(largest, 3)),
      ),
    );
    let total = f32x4.splat(0);
    for (let i = 0; i < stride; i += LANES) {
      const share = exponential(f32x4.sub(v128.load(at(values, i)), most));
      v128.store(at(values, i), share);
      total = f32x4.add(total, share);
    }
    const factor = f32x4.splat(<f32>1 / horizontalSum(total));
    for (let i = 0; i < stride; i += LANES) v128.store(at(values, i), f32x4.mul(v128.load(at(values, i)), factor));
  }
}

function drop(source: usize, target: usize, row: i64, count: i32, keys: i32, rate: f32, seed: i32): void {
  const stride = strideOf(keys);
  for (let i = 0; i < count; i++)
    applyMask(at(source, i * stride), at(target, i * stride), <u64>((row + i) * keys), keys, rate, <u32>seed);
}

/**
 * Heads `[begin, end)` of all images' heads: result `[B, Q, D]` from query `[B, Q, D]`, key and value `[B, S, D]`,
 * keyPaddingMask `[B, S]` or 0.
 */
export function attention(
  query: usize,
  key: usize,
  value: usize,
  keyPaddingMask: usize,
  result: usize,
  queries: i32,
  keys: i32,
  width: i32,
  heads: i32,
  rate: f32,
  seed: i32,
  begin: i32,
  end: i32,
  scratch: usize,
): void {
  const head = width / heads,
    stride = strideOf(keys);
  const masks = at(scratch, GEMM_SCRATCH),
    replacements = at(masks, stride),
    weights = at(replacements, stride);
  for (let task = begin; task < end; task++) {
    const image = task / heads,
      ownQueries = image * queries * width + (task % heads) * head,
      ownKeys = image * keys * width + (task % heads) * head;
    writeReplacements(keyPaddingMask, image, keys, masks, replacements);
    for (let first = 0; first < queries; first += TILE) {
      const count = min(TILE, queries - first),
        place = ownQueries + first * width;
      weightsOf(at(query, place), at(key, ownKeys), count, keys, width, head, masks, replacements, weights, scratch);
      if (rate > 0) drop(weights, weights, <i64>task * queries + first, count, keys, rate, seed);
      gemm(
        weights,
        stride,
        1,
        at(value, ownKeys),
        width,
        1,
        at(result, place),
        width,
        count,
        head,
        keys,
        false,
        scratch,
      );
    }
  }
}

/** Gradients of query, key and value from the gradient of the result. */
export function attentionGradient(
  query: usize,
  key: usize,
  value: usize,
  keyPaddingMask: usize,
  dresult: usize,
  dquery: usize,
  dkey: usize,
  dvalue: usize,
  queries: i32,
  keys: i32,
  width: i32,
  heads: i32,
  rate: f32,
  seed: i32,
  begin: i32,
  end: i32,
  scratch: usize,
): void {
  const head = width / heads,
    stride = strideOf(keys);
  const scale = f32x4.splat(<f32>1 / sqrt<f32>(<f32>head));
  const masks = at(scratch, GEMM_SCRATCH),
    replacements = at(masks, stride),
    weights = at(replacements, stride);
  const dweights = at(weights, TILE * stride),
    dropped = at(dweights, TILE * stride);
  for (let task = begin; task < end; task++) {
    const image = task / heads,
      ownQueries = image * queries * width + (task % heads) * head,
      ownKeys = image * keys * width + (task % heads) * head;
    writeReplacements(keyPaddingMask, image, keys, masks, replacements);
    if (queries == 0) {
      gemm(0, 0, 0, 0, 0, 0, at(dkey, ownKeys), width, keys, head, 0, false, scratch);
      gemm(0, 0, 0, 0, 0, 0, at(dvalue, ownKeys), width, keys, head, 0, false, scratch);
    }
    for (let first = 0; first < queries; first += TILE) {
      const count = min(TILE, queries - first),
        place = ownQueries + first * width,
        row = <i64>task * queries + first;
      weightsOf(at(query, place), at(key, ownKeys), count, keys, width, head, masks, replacements, weights, scratch);
      gemm(
        at(dresult, place),
        width,
        1,
        at(value, ownKeys),
        1,
        width,
        dweights,
        stride,
        count,
        keys,
        head,
        false,
        scratch,
      );
      if (rate > 0) {
        drop(weights, dropped, row, count, keys, rate, seed);
        drop(dweights, dweights, row, count, keys, rate, seed);
      }
      gemm(
        rate > 0 ? dropped : weights,
        1,
        stride,
        at(dresult, place),
        width,
        1,
        at(dvalue, ownKeys),
        width,
        keys,
        head,
        count,
        first > 0,
        scratch,
      );
      for (let i = 0; i < count; i++) toScoreGradients(at(weights, i * stride), at(dweights, i * stride), keys, scale);
      gemm(weights, stride, 1, at(key, ownKeys), width, 1, at(dquery, place), width, count, head, keys, false, scratch);
      gemm(
        weights,
        1,
        stride,
        at(query, place),
        width,
        1,
        at(dkey, ownKeys),
        width,
        keys,
        head,
        count,
        first > 0,
        scratch,
      );
    }
  }
}

/**
 * Converts a row's gradient with respect to the weights to the one with respect to the scores before scaling. Entries
 * that only fill up the row are 0.
 */
function toScoreGradients(weights: usize, dweights: usize, keys: i32, scale: v128): void {
  const stride = strideOf(keys);
  for (let i = keys; i < stride; i++) store<f32>(at(dweights, i), 0);
  let products = f32x4.splat(0);
  for (let i = 0; i < stride; i += LANES)
    products = multiplyAdd(v128.load(at(weights, i)), v128.load(at(dweights, i)), products);
  const along = f32x4.splat(horizontalSum(products));
  for (let i = 0; i < stride; i += LANES) {
    const straight = f32x4.mul(f32x4.sub(v128.load(at(dweights, i)), along), scale);
    v128.store(at(weights, i), f32x4.mul(v128.load(at(weights, i)), straight));
  }
}
