import { TensorError } from "@detrkit/common";
import { expectShape, expectTensor, type ImageSize } from "@detrkit/nn";
import { getKernel, type KernelBackend, registerKernel, type Tensor, type TensorInfo } from "@tensorflow/tfjs-core";
import { checkedSizes, type OperandSizes } from "../ops/operands.ts";
import { sampleGradients } from "./sample-gradients.ts";
import { type OperandValues, sampleValues } from "./sample-values.ts";
import {
  type DeformableAttentionAttributes,
  deformableAttentionGradientKernel,
  deformableAttentionKernel,
} from "./names.ts";

/** Backends whose tensors a kernel can read and write in this process's memory. */
const backendsInMemory = ["cpu", "wasm"] as const;

/**
 * Registers the kernels of this package for the backends that keep tensors in this process's memory, unless they have
 * them. Importing the package registers nothing by itself. A second copy of the package uses the first one's kernels.
 */
export function registerKernels(): void {
  register(deformableAttentionKernel, (operands, _upstream, write) => [
    write(sampleValues(operands), outputShape(operands)),
  ]);
  register(deformableAttentionGradientKernel, (operands, upstream, write) => {
    const { B, S, Q, M, L, P, C } = operands.sizes;
    const { byValue, byLocations, byWeights } = sampleGradients(operands, upstream);
    return [write(byValue, [B, S, M, C]), write(byLocations, [B, Q, M, L, P, 2]), write(byWeights, [B, Q, M, L, P])];
  });
}

type Write = (values: Float32Array, shape: number[]) => TensorInfo;

function register(
  kernelName: string,
  compute: (operands: OperandValues, upstream: Float32Array, write: Write) => TensorInfo[],
): void {
  for (const backendName of backendsInMemory) {
    // tfjs warns about a second registration.
    if (getKernel(kernelName, backendName) !== undefined) continue;
    registerKernel({
      kernelName,
      backendName,
      kernelFunc: ({ inputs, attrs, backend }) => {
        const storage = backend as KernelBackend;
        const given = Object.values(inputs) as unknown as Tensor[];
        const { levelShapes } = attrs as unknown as DeformableAttentionAttributes;
        const sizes = expectInputs(kernelName, given, levelShapes);
        const [value, locations, weights, upstream] = given as [Tensor, Tensor, Tensor, Tensor | undefined];
        const read = ({ dataId }: TensorInfo): Float32Array => storage.readSync(dataId) as Float32Array;
        const operands = { value: read(value), locations: read(locations), weights: read(weights), levelShapes, sizes };
        const write: Write = (values, shape) => ({
          dataId: storage.write(values, shape, "float32"),
          shape,
          dtype: "float32",
        });
        return compute(operands, upstream === undefined ? new Float32Array(0) : read(upstream), write);
      },
    });
  }
}

/** The loops read memory by these shapes. */
function expectInputs(kernel: string, inputs: readonly Tensor[], levelShapes: readonly ImageSize[]): OperandSizes {
  const names = [
    "value",
    "sampling locations",
    "attention weights",
    ...(kernel === deformableAttentionGradientKernel ? ["dresult"] : []),
  ];
  if (inputs.length !== names.length)
    throw new TensorError(`${kernel} expected ${names.length} inputs (${names.join(", ")}), got ${inputs.length}`);
  names.forEach((name, index) => expectTensor(inputs[index] as Tensor, `${kernel}: ${name}`, "float32"));
  const [value, samplingLocations, attentionWeights] = inputs.map(({ shape }) => shape) as [
    number[],
    number[],
    number[],
  ];
  const sizes = checkedSizes({ value, samplingLocations, attentionWeights }, levelShapes);
  if (inputs.length === 4)
    expectShape((inputs[3] as Tensor).shape, `${kernel}: dresult`, [sizes.B, sizes.Q, sizes.M * sizes.C]);
  return sizes;
}

function outputShape({ sizes: { B, Q, M, C } }: OperandValues): number[] {
  return [B, Q, M * C];
}
