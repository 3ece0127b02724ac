import { ShapeError } from "@detrkit/common";
import { registerKernel, type Tensor, type TensorInfo, util } from "@tensorflow/tfjs-core";

/** Name under which tfjs knows its WebAssembly backend. */
export const wasmBackendName = "wasm";

/** Arguments of the body of a kernel. */
export interface WasmCall<Attributes> {
  readonly inputs: readonly TensorInfo[];
  readonly attributes: Attributes;
}

/**
 * Registers one kernel for the WebAssembly backend; inputs come as an array, because several kernels have optional
 * ones.
 */
export function defineWasmKernel<Attributes>(
  name: string,
  compute: (call: WasmCall<Attributes>) => TensorInfo | TensorInfo[],
): void {
  registerKernel({
    kernelName: name,
    backendName: wasmBackendName,
    kernelFunc: ({ inputs, attrs }) =>
      compute({ inputs: Object.values(inputs) as unknown as Tensor[], attributes: attrs as unknown as Attributes }),
  });
}

/**
 * Kernels read and write memory by these shapes, so tensors of other shapes must be refused. A missing tensor is not
 * checked.
 *
 * @throws ShapeError
 */
export function requireShape(name: string, tensor: TensorInfo | undefined, shape: readonly number[]): void {
  if (tensor === undefined || util.arraysEqual(tensor.shape, [...shape])) return;
  throw new ShapeError(`${name} expected [${shape.join(", ")}], got [${tensor.shape.join(", ")}]`);
}

/** Rows and columns of a tensor as a matrix: the columns are its last axis. */
export function matrixShape({ shape }: TensorInfo): { readonly rows: number; readonly columns: number } {
  const columns = shape.at(-1) ?? 1;
  return { rows: shape.slice(0, -1).reduce((product, size) => product * size, 1), columns };
}
