/** The numbers `0 … count - 1`. */
export function ascendingIndices(count: number): Int32Array {
  const indices = new Int32Array(count);
  for (let index = 0; index < count; index++) indices[index] = index;
  return indices;
}

/** Sorts indices by key, smallest first, keeping the order of equal keys; keys are whole numbers below `keyCount`. */
export function orderByKey(order: Int32Array, keys: Int32Array, keyCount: number): Int32Array {
  const next = new Int32Array(keyCount + 1);
  for (const index of order) (next[(keys[index] as number) + 1] as number)++;
  for (let key = 0; key < keyCount; key++) next[key + 1] = (next[key + 1] as number) + (next[key] as number);
  const sorted = new Int32Array(order.length);
  for (const index of order) {
    const key = keys[index] as number;
    const place = next[key] as number;
    sorted[place] = index;
    next[key] = place + 1;
  }
  return sorted;
}

/** Sorts indices by score, highest first, keeping the order of equal scores. */
export function orderByScore(order: Int32Array, scores: Float64Array): Int32Array {
  // Equal scores are ordered by place, not by index, which keeps the given order.
  const places = ascendingIndices(order.length);
  const scoreAt = Float64Array.from(order, (index) => scores[index] as number);
  places.sort((a, b) => (scoreAt[b] as number) - (scoreAt[a] as number) || a - b);
  return places.map((place) => order[place] as number);
}
