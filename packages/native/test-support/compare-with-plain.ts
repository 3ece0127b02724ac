import { type Closeness, expectClose, uniformTensor, withoutKernels } from "@detrkit/test-utils";
import { grads, mul, sum, type Tensor, tidy } from "@tensorflow/tfjs-core";
import { expect } from "vitest";

/**
 * Expects the fused kernel's result, and the gradients of a random weighting of it by every operand, to be those of the
 * plain composition, and the same to the last bit in a second run. Gradients are compared relative to their largest
 * value, since single entries may be sums that nearly cancel.
 */
export function expectAsPlain(
  compute: (...operands: Tensor[]) => Tensor,
  operands: readonly Tensor[],
  { rtol = 2e-5, atol = 2e-5 }: Closeness = {},
): void {
  tidy(() => {
    const run = (): Tensor[] => {
      const output = compute(...operands);
      const upstream = uniformTensor(output.shape as [number], { seed: 99 });
      return [output, ...grads((...inputs: Tensor[]) => sum(mul(compute(...inputs), upstream)))([...operands])];
    };
    const fused = run();
    const again = run();
    const plain = withoutKernels(run);
    for (const [index, want] of plain.entries()) {
      const got = fused[index] as Tensor;
      const largest = want.dataSync<"float32">().reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      expectClose(got, want, { rtol, atol: atol * Math.max(1, largest) });
      expect(bits(again[index] as Tensor), "the same in every run").toEqual(bits(got));
    }
  });
}

/** Values as they are stored. */
export function bits(tensor: Tensor): Buffer {
  const values = tensor.dataSync();
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength);
}
