import type { Scalar } from "@tensorflow/tfjs-core";

/** The value of a term made of tensor ops, in one layer. */
export interface TensorTerm {
  readonly reportedAs: string;
  readonly weight: number;
  readonly value: Scalar;
}
