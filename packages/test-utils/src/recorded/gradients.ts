import type { Comparison, Fixture } from "./case.ts";
import { compareTensor, tensorOf } from "./compare.ts";

const stride = 1000003;

const prefix = "grad.w.";

/** Compares every parameter's gradient that a case has. @param gradients - by the original's keys, in its layout */
export function compareGradients(
  fixture: Fixture,
  gradients: ReadonlyMap<string, Float32Array>,
): readonly Comparison[] {
  return gradientKeys(fixture).flatMap((key) =>
    compareGradient(fixture, key, gradients.get(key) ?? new Float32Array()),
  );
}

/** Parameters whose gradients a case has, by the original's keys. */
export function gradientKeys(fixture: Fixture): readonly string[] {
  return [...fixture.tensors.keys()]
    .filter((name) => name.startsWith(prefix))
    .map((name) => name.slice(prefix.length))
    .toSorted();
}

/**
 * Of long tensors a case keeps a sample and three statistics. Compares what it keeps of `key` under the groups `grad.w`
 * and `grad.stats`.
 */
export function compareGradient(fixture: Fixture, key: string, values: Float32Array): Comparison[] {
  const name = `${prefix}${key}`;
  const stored = tensorOf(fixture, name).data.length;
  const isKeyBias = sampledKeyBias(key, values.length, stored);
  const results = [
    compareTensor(fixture, "grad.w", name, sampled(values, stored), { where: (index) => !isKeyBias(index) }),
  ];
  if (fixture.tensors.has(`grad.stats.${key}`))
    results.push(compareTensor(fixture, "grad.stats", `grad.stats.${key}`, statistics(values)));
  return results;
}

/** What a case that keeps `count` entries keeps of these. */
export function sampled(values: Float32Array, count: number): Float32Array {
  return values.length <= count
    ? values
    : Float32Array.from({ length: count }, (_, index) => values[sampleIndex(index, values.length)] as number);
}

/**
 * Which of `count` kept entries belong to the key part of an attention's joint bias. Its true gradient is 0: what is
 * recorded there is rounding noise, and so is what an optimiser makes of it.
 */
export function sampledKeyBias(key: string, length: number, count: number): (index: number) => boolean {
  if (!key.endsWith("in_proj_bias")) return () => false;
  const dim = length / 3;
  return (index) => {
    const position = length <= count ? index : sampleIndex(index, length);
    return position >= dim && position < 2 * dim;
  };
}

function sampleIndex(index: number, length: number): number {
  return (index * stride) % length;
}

/** Sum, sum of absolute values, Euclidean norm. */
function statistics(values: Float32Array): readonly number[] {
  let [sum, absolute, squares] = [0, 0, 0];
  for (const value of values) {
    sum += value;
    absolute += Math.abs(value);
    squares += value * value;
  }
  return [sum, absolute, Math.sqrt(squares)];
}
