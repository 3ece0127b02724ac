const block = 128;
const lanes = 8;

/** Sum in the order that NumPy adds in (pairwise, eight lanes within a block), so that means agree to the last bit. */
function pairwiseSum(values: Float64Array, start: number, count: number): number {
  if (count < lanes) {
    let sum = 0;
    for (let index = start; index < start + count; index++) sum += values[index] as number;
    return sum;
  }
  if (count > block) {
    const half = Math.floor(count / 2);
    const left = half - (half % lanes);
    return pairwiseSum(values, start, left) + pairwiseSum(values, start + left, count - left);
  }
  const sums = values.slice(start, start + lanes);
  const whole = count - (count % lanes);
  for (let index = lanes; index < whole; index++)
    sums[index % lanes] = (sums[index % lanes] as number) + (values[start + index] as number);
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = sums;
  let sum = a + b + (c + d) + (e + f + (g + h));
  for (let index = start + whole; index < start + count; index++) sum += values[index] as number;
  return sum;
}

function withoutUncounted(values: Float64Array, count: number): Float64Array {
  const counted = new Float64Array(count);
  let next = 0;
  for (let index = 0; index < values.length; index++)
    if ((values[index] as number) > -1) counted[next++] = values[index] as number;
  return counted;
}

/** Mean of the values that are not -1, which COCO writes for "nothing to count"; -1 if none is left. */
export function meanOfCounted(values: Float64Array): number {
  let count = 0;
  for (let index = 0; index < values.length; index++) if ((values[index] as number) > -1) count++;
  if (count === 0) return -1;
  return pairwiseSum(count === values.length ? values : withoutUncounted(values, count), 0, count) / count;
}
