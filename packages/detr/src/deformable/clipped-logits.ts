import { clipByValue, type Tensor } from "@tensorflow/tfjs-core";

/** Where probabilities of 1e-5 and 1 - 1e-5 come from. */
const limit = Math.log((1 - 1e-5) / 1e-5);

/**
 * What a place was before its sigmoid, kept finite: the inverse sigmoid of the place, each side of it at least 1e-5.
 * Clipping what went into the sigmoid is the same, and keeps what rounding loses close to 0 and 1.
 */
export function clippedLogits<T extends Tensor>(logits: T): T {
  return clipByValue(logits, -limit, limit) as T;
}
