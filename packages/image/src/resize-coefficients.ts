/** Fraction bits of a fixed-point weight, as in Pillow: a 32-bit sum has 8 bits left for the pixel and 2 to spare. */
export const weightBits = 22;

/**
 * Which source pixels an output pixel is made of along one axis. Output `o` is the sum over `t < counts[o]` of
 * `source[firsts[o] + t] · weights[o · taps + t] / 2^22`.
 */
export interface ResizeCoefficients {
  /** The most source pixels that any output takes; the row length of `weights`. */
  readonly taps: number;
  readonly firsts: Int32Array;
  readonly counts: Int32Array;
  readonly weights: Int32Array;
}

/**
 * Antialiased bilinear weights of outputs `from … from + length - 1` when `sourceSize` pixels become `outputSize`.
 * A triangle filter, widened by the scale when shrinking; weights are normalised in double precision and rounded to
 * fixed point afterwards, in Pillow's order of operations, so that the bytes come out the same as Pillow's.
 */
export function bilinearCoefficients(
  sourceSize: number,
  outputSize: number,
  from = 0,
  length: number = outputSize,
): ResizeCoefficients {
  const scale = sourceSize / outputSize;
  const support = Math.max(scale, 1);
  const inverseSupport = 1 / support;
  const widest = Math.ceil(support) * 2 + 1;
  const firsts = new Int32Array(length);
  const counts = new Int32Array(length);
  const weights = new Int32Array(length * widest);
  const exact = new Float64Array(widest);
  for (let output = 0; output < length; output++) {
    const centre = (from + output + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - support + 0.5));
    const count = Math.min(sourceSize, Math.trunc(centre + support + 0.5)) - first;
    let total = 0;
    for (let tap = 0; tap < count; tap++) {
      const weight = Math.max(0, 1 - Math.abs((tap + first - centre + 0.5) * inverseSupport));
      exact[tap] = weight;
      total += weight;
    }
    firsts[output] = first;
    counts[output] = count;
    for (let tap = 0; tap < count; tap++) {
      weights[output * widest + tap] = Math.trunc(0.5 + ((exact[tap] as number) / total) * 2 ** weightBits);
    }
  }
  return { taps: widest, firsts, counts, weights };
}
