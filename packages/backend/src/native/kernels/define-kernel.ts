import {
  type GradConfig,
  type KernelConfig,
  registerGradient,
  registerKernel,
  type Tensor,
  type TensorInfo,
} from "@tensorflow/tfjs-core";
import type { FusedKernel } from "@detrkit/nn";
import { attributeWriter, type AttributeWriter } from "./attributes.ts";
import { expectInputs, type KernelSignature } from "./kernel-inputs.ts";
import { nativeError } from "./native-error.ts";
import type { NodeBackend } from "../tfjs-node.ts";

/** Name under which tfjs knows the native backend. */
export const nativeBackendName = "tensorflow";

/** What the body of a native kernel works with. */
export interface NativeCall<Attributes> {
  readonly inputs: readonly Tensor[];
  readonly attributes: Attributes;
  readonly backend: NodeBackend;
  readonly write: AttributeWriter;
}

/**
 * Registers one kernel for the native backend; inputs come as an array, since several kernels take optional ones.
 * Number and types of the inputs are checked against its signature, shapes in `compute` or in native/. It throws
 * detrkit's errors only.
 */
export function defineKernel<Attributes>(
  name: FusedKernel,
  signature: KernelSignature<Attributes>,
  compute: (call: NativeCall<Attributes>) => Tensor | Tensor[],
): void {
  // One writer for all calls, since a small model makes hundreds a step.
  let write: AttributeWriter | undefined;
  const config: KernelConfig = {
    kernelName: name,
    backendName: nativeBackendName,
    kernelFunc: ({ inputs, attrs, backend }) => {
      const node = backend as NodeBackend;
      const given = Object.values(inputs) as unknown as Tensor[];
      const attributes = (attrs ?? {}) as unknown as Attributes;
      write ??= attributeWriter(node.binding, name);
      expectInputs(name, given, attributes, signature);
      try {
        return compute({ inputs: given, attributes, backend: node, write }) as TensorInfo | TensorInfo[];
      } catch (error) {
        throw nativeError(name, error);
      }
    },
  };
  registerKernel(config);
}

/** What of a kernel its gradient needs; the rest of a step's memory can be freed earlier. */
export interface SavedForGradient {
  /** Which inputs, by position. Default all. */
  readonly inputs?: readonly number[];
  /** Which outputs, by position. Default none. */
  readonly outputs?: readonly number[];
}

/**
 * Registers the gradient of a kernel: from the outputs' gradients and what was saved (inputs, then outputs), a function for each
 * input's gradient, called only where that gradient is needed.
 */
export function defineGradient<Attributes>(
  name: FusedKernel,
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
