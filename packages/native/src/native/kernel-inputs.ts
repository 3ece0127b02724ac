import { TensorError } from "@detrkit/common";
import { expectTensor } from "@detrkit/nn";
import type { Tensor } from "@tensorflow/tfjs-core";

/** One input of a kernel. */
export interface KernelInput {
  readonly name: string;
  readonly dtype: "float32" | "int32" | "bool";
}

/** The inputs that a kernel takes. */
export interface KernelSignature<Attributes> {
  /** In order; `count` is how many were given, for kernels of lists. */
  readonly inputs: readonly KernelInput[] | ((attributes: Attributes, count: number) => readonly KernelInput[]);
  /** How many of the last inputs may be missing. Default 0. */
  readonly optional?: number;
}

/**
 * The seed of a kernel's own random numbers: a scalar input, because as an attribute it would make TensorFlow cache
 * another kernel for every step.
 */
export const seedInput: KernelInput = { name: "seed", dtype: "int32" };

/** Inputs of float32. */
export function floats(...names: readonly string[]): readonly KernelInput[] {
  return names.map((name) => ({ name, dtype: "float32" }));
}

/**
 * Checks number and types of a kernel's inputs. TensorFlow ends the process if there is one too many, and the memory of
 * a disposed tensor may hold another one's values.
 *
 * @throws TensorError
 */
export function expectInputs<Attributes>(
  kernel: string,
  inputs: readonly Tensor[],
  attributes: Attributes,
  { inputs: given, optional = 0 }: KernelSignature<Attributes>,
): void {
  const expected = typeof given === "function" ? given(attributes, inputs.length) : given;
  if (inputs.length > expected.length || inputs.length < expected.length - optional) {
    const names = expected.map(({ name }, index) => (index < expected.length - optional ? name : `${name} or none`));
    throw new TensorError(
      `${kernel} expected ${names.length} inputs (${[...new Set(names)].join(", ")}), got ${inputs.length}`,
    );
  }
  inputs.forEach((input, index) => {
    const { name, dtype } = expected[index] as KernelInput;
    expectTensor(input, `${kernel}: ${name}`, dtype);
  });
}
