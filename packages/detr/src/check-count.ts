import { ConfigError } from "@detrkit/common";

/** @throws ConfigError unless `value` is a whole number of at least 1 */
export function checkCount(what: string, value: number): void {
  if (!Number.isInteger(value) || value < 1) throw new ConfigError(`${what} expected a positive integer, got ${value}`);
}
