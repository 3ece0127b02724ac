import { ConfigError } from "@detrkit/common";
import type { Parameter } from "@detrkit/nn";
import { keep, type Scalar, Tensor } from "@tensorflow/tfjs-core";
import { valueAndGradients } from "./value-and-gradients.ts";

/** A loss with the terms it is made of, for the log. */
export interface LossWithTerms {
  /** Scalar. */
  readonly loss: Tensor;
  /** Scalars by name. */
  readonly terms: Readonly<Record<string, Tensor | number>>;
}

/** A computed loss and its gradients. The caller frees the gradients. */
export interface LossGradients {
  readonly loss: number;
  readonly terms: Readonly<Record<string, number>>;
  /** By path; a parameter the loss does not depend on has none. */
  readonly gradients: ReadonlyMap<string, Tensor>;
}

/**
 * Runs `compute` and its backward pass. Frees all tensors that it makes, after reading what it returns.
 *
 * @param caller - what errors call it
 */
export async function lossGradients(
  parameters: ReadonlyMap<string, Parameter>,
  compute: () => Tensor | LossWithTerms,
  caller: string,
): Promise<LossGradients> {
  let terms: Readonly<Record<string, Tensor | number>> = {};
  const kept = new Set<Tensor>();
  try {
    const trained = [...parameters];
    const found = valueAndGradients(
      () => {
        const result = compute();
        if (result instanceof Promise)
          throw new ConfigError(
            `${caller}: the loss must be computed synchronously (tfjs records gradients only then), got a promise`,
          );
        if (result instanceof Tensor) return result as Scalar;
        terms = result.terms;
        // tfjs frees the tensors of the closure at its end, but the terms are read later.
        for (const term of Object.values(terms)) if (term instanceof Tensor) kept.add(keep(term));
        return result.loss as Scalar;
      },
      trained.map(([, parameter]) => parameter.value),
    );
    kept.add(found.value);
    const gradients = new Map<string, Tensor>();
    trained.forEach(([path], index) => {
      const gradient = found.gradients[index];
      if (gradient !== undefined) gradients.set(path, gradient);
    });
    const entries = Object.entries(terms).map(async ([name, term]) => [name, await numberOf(term)] as const);
    return { loss: await numberOf(found.value), terms: Object.fromEntries(await Promise.all(entries)), gradients };
  } finally {
    for (const tensor of kept) tensor.dispose();
  }
}

async function numberOf(term: Tensor | number): Promise<number> {
  return typeof term === "number" ? term : ((await term.data())[0] ?? NaN);
}
