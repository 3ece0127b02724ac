import type { Tensor1D } from "@tensorflow/tfjs-core";

/**
 * The parts of a loss, each without its weight, in one tensor: reading them takes one wait. A term of the last decoder layer
 * goes by its name (`boxL1`), of another layer by both (`auxiliary.0.boxL1`, `encoder.boxL1`).
 */
export interface LossTerms {
  readonly names: readonly string[];
  /** `[names.length]` */
  readonly values: Tensor1D;
}

/** The terms as numbers by name. `terms` stays the caller's to dispose of. */
export async function readLossTerms({ names, values }: LossTerms): Promise<Record<string, number>> {
  const numbers = await values.data();
  return Object.fromEntries(names.map((name, index) => [name, numbers[index] as number]));
}
