import { type KernelConfig, registerKernel, type Tensor, type TensorInfo } from "@tensorflow/tfjs-core";
import { attributeWriter, type AttributeWriter } from "./attributes.ts";
import { expectInputs, type KernelSignature } from "./kernel-inputs.ts";
import { nativeError } from "./native-error.ts";
import type { TensorflowBackend } from "@detrkit/nn/tfjs-internals";

/** Name under which tfjs knows the native backend. */
export const nativeBackendName = "tensorflow";

/** Arguments of the body of a native kernel. */
export interface NativeCall<Attributes> {
  readonly inputs: readonly Tensor[];
  readonly attributes: Attributes;
  readonly backend: TensorflowBackend;
  readonly write: AttributeWriter;
}

/**
 * Registers one kernel for the native backend; inputs come as an array, because several kernels have optional ones.
 * Number and types of the inputs are checked against its signature, shapes in `compute` or in C++. It throws only
 * detrkit's errors.
 */
export function defineNativeKernel<Attributes>(
  name: string,
  signature: KernelSignature<Attributes>,
  compute: (call: NativeCall<Attributes>) => Tensor | Tensor[],
): void {
  // One writer for all calls, because a small model makes hundreds in each step.
  let write: AttributeWriter | undefined;
  const config: KernelConfig = {
    kernelName: name,
    backendName: nativeBackendName,
    kernelFunc: ({ inputs, attrs, backend }) => {
      const node = backend as TensorflowBackend;
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
