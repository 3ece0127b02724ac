import { type GradConfig, registerGradient, type Tensor } from "@tensorflow/tfjs-core";

/** The tensors of a kernel that its gradient needs; all others can be freed earlier. */
export interface SavedForGradient {
  /** Which inputs, by position. Default all. */
  readonly inputs?: readonly number[];
  /** Which outputs, by position. Default none. */
  readonly outputs?: readonly number[];
}

/**
 * Registers the gradient of a kernel: given the outputs' gradients and the saved tensors (inputs, then outputs), it
 * returns a function for each input's gradient, which is called only if that gradient is needed.
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

/** A function that returns a gradient which was computed together with others. */
export function value(tensor: Tensor | undefined): () => Tensor {
  return () => tensor as Tensor;
}
