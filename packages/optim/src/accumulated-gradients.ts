import { add, dispose, div, type Tensor, tidy } from "@tensorflow/tfjs-core";
import type { LossGradients } from "./loss-gradients.ts";

/** Losses and gradients of several batches that one step is to be taken with. */
export class AccumulatedGradients {
  readonly #gradients = new Map<string, Tensor>();
  #loss = 0;
  #terms: Record<string, number> = {};
  #count = 0;

  /** Adds those of one batch. Takes over its gradients. */
  add({ loss, terms, gradients }: LossGradients): void {
    for (const [path, gradient] of gradients) {
      const sum = this.#gradients.get(path);
      this.#gradients.set(path, sum === undefined ? gradient : add(sum, gradient));
      if (sum !== undefined) dispose([sum, gradient]);
    }
    this.#loss += loss;
    for (const [name, value] of Object.entries(terms)) this.#terms[name] = (this.#terms[name] ?? 0) + value;
    this.#count += 1;
  }

  /**
   * The means over all batches, which are forgotten. A parameter that the loss of some batch does not depend on has a
   * gradient of 0 there. The caller frees the gradients.
   */
  take(): LossGradients {
    const count = this.#count;
    const means = new Map(
      [...this.#gradients].map(([path, sum]) => [path, count === 1 ? sum : tidy(() => div<Tensor>(sum, count))]),
    );
    if (count > 1) dispose([...this.#gradients.values()]);
    const terms = Object.fromEntries(Object.entries(this.#terms).map(([name, sum]) => [name, sum / count]));
    const loss = this.#loss / count;
    this.#forget();
    return { loss, terms, gradients: means };
  }

  /** Frees the gradients and begins anew. */
  dispose(): void {
    dispose([...this.#gradients.values()]);
    this.#forget();
  }

  #forget(): void {
    this.#gradients.clear();
    this.#loss = 0;
    this.#terms = {};
    this.#count = 0;
  }
}
