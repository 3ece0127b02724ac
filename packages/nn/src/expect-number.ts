import { ConfigError } from "@detrkit/common";

/** The largest signed 32-bit integer, which is what TensorFlow stores sizes in. */
const largestInteger = 2 ** 31 - 1;

/**
 * @param what - the op and its setting: "convolution: strides"
 * @throws ConfigError unless `value` is a whole number of at least `least`, and below 2^31
 */
export function expectInteger(value: number, what: string, least: number): void {
  if (Number.isInteger(value) && value >= least && value <= largestInteger) return;
  throw new ConfigError(
    `${what} expected a whole number of at least ${least} and at most ${largestInteger}, got ${value}`,
  );
}

/** @throws ConfigError unless `rate` is a dropout rate: at least 0 and below 1 */
export function expectRate(rate: number, op: string): void {
  if (!(rate >= 0 && rate < 1)) throw new ConfigError(`${op}: rate must be at least 0 and below 1, got ${rate}`);
}

/** @throws ConfigError unless `epsilon` can be added to a variance: 0 or more, and finite */
export function expectEpsilon(epsilon: number, op: string): void {
  if (!(Number.isFinite(epsilon) && epsilon >= 0))
    throw new ConfigError(`${op}: epsilon must be finite and at least 0, got ${epsilon}`);
}

/** Whether `parts` divides `whole`; both have to be at least 1. */
export function divides(parts: number, whole: number): boolean {
  return Number.isInteger(parts) && parts >= 1 && whole >= 1 && whole % parts === 0;
}
