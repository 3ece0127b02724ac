import { type KernelConfig, registerKernel, type Tensor, type TensorInfo } from "@tensorflow/tfjs-core";
import type { FusedKernel } from "@detrkit/nn";
import { attributeWriter, type AttributeWriter } from "./attributes.ts";
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

/** Registers one kernel for the native backend; inputs come as an array, since several kernels take optional ones. */
export function defineKernel<Attributes>(name: FusedKernel, compute: (call: NativeCall<Attributes>) => Tensor | Tensor[]): void {
  const config: KernelConfig = {
    kernelName: name,
    backendName: nativeBackendName,
    kernelFunc: ({ inputs, attrs, backend }) => {
      const node = backend as NodeBackend;
      const result = compute({
        inputs: Object.values(inputs) as unknown as Tensor[],
        attributes: attrs as unknown as Attributes,
        backend: node,
        write: attributeWriter(node.binding),
      });
      return result as TensorInfo | TensorInfo[];
    },
  };
  registerKernel(config);
}
