import { type GradConfig, registerGradient, type Tensor } from "@tensorflow/tfjs-core";

/** What of a kernel its gradient needs; the rest of a step's memory can be freed earlier. */
export interface SavedForGradient {
  /** Which inputs, by position. Default all. */
  readonly inputs?: readonly number[];
  /** Which outputs, by position. Default none. */
  readonly outputs?: readonly number[];
}

/**
 * Registers the gradient of a kernel: from the outputs' gradients and what was saved (inputs, then outputs), a function
 * for each input's gradient, called only where that gradient is needed.
 */
export function defineGradient<Attributes>(
  name: string,
  { inputs, outputs = [] }: SavedForGradient,
  gradient: (
    upstream: readonly Tensor[],
    saved: readonly Tensor[],
    attributes: Attributes,
  ) => readonly (() => Tensor)[],
): void {
  const config: GradConfig = {
    kernelName: name,
    ...(inputs === undefined ? { saveAllInputs: true } : { inputsToSave: inputs.map(String) }),
    outputsToSave: Array.from({ length: Math.max(0, ...outputs) + 1 }, (_, index) => outputs.includes(index)),
    gradFunc: (upstream, saved, attrs) => {
      const functions = gradient(
        Array.isArray(upstream) ? upstream : [upstream],
        saved,
        attrs as unknown as Attributes,
      );
      return Object.fromEntries(functions.map((value, index) => [String(index), value]));
    },
  };
  registerGradient(config);
}

/** The tensors that are there. */
export function present(...tensors: readonly (Tensor | undefined)[]): Tensor[] {
  return tensors.filter((tensor) => tensor !== undefined);
}

/** A gradient that was computed with others, as a function that gives it. */
export function value(tensor: Tensor | undefined): () => Tensor {
  return () => tensor as Tensor;
}
