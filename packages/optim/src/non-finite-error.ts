import { DetrkitError } from "@detrkit/common";

/** A loss or gradient is NaN or infinite. Neither the model nor the optimiser has changed. */
export class NonFiniteError extends DetrkitError {
  /** The loss of the step that was refused. */
  readonly loss: number;
  readonly terms: Readonly<Record<string, number>>;

  constructor(message: string, step: { readonly loss: number; readonly terms: Readonly<Record<string, number>> }) {
    super("ERR_NON_FINITE", message);
    this.loss = step.loss;
    this.terms = step.terms;
  }
}
