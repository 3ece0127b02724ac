import type { Scalar } from "@tensorflow/tfjs-core";

/**
 * The parts of a loss, each without its weight. A term of the last decoder layer has its plain name (`boxL1`), that of
 * another layer the layer's name in front (`auxiliary.0.boxL1`, `encoder.boxL1`). Closed-form terms on classes and
 * boxes are numbers; those made by tensor ops (masks, your own) are tensors.
 */
export type LossTerms = Readonly<Record<string, number | Scalar>>;

/** All terms as numbers. Those that are tensors stay the caller's to dispose of. */
export async function readLossTerms(terms: LossTerms): Promise<Record<string, number>> {
  const entries = Object.entries(terms).map(
    async ([name, term]) => [name, typeof term === "number" ? term : ((await term.data())[0] ?? NaN)] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}
