import { add, matMul, reshape, type Tensor, type Tensor1D, type Tensor2D, tidy } from "@tensorflow/tfjs-core";
import { expectFloats, expectLastAxis } from "../expect-tensor.ts";
import { runKernel } from "../tfjs-internals/index.ts";
import { activate, type Activation } from "./activation.ts";
import { hasKernel } from "./has-kernel.ts";

/** The kernel of this op, where a backend has it. */
export const linearKernel = "DetrkitLinear";
/** The same followed by a ReLU, whose gradient needs the result. */
export const linearReluKernel = "DetrkitLinearRelu";
/** Of its gradient. */
export const linearGradientKernel = "DetrkitLinearGradient";

/**
 * `activation(input @ weight + bias)` over the last axis. `I O` width before and after.
 *
 * @param input - `[..., I]`
 * @param weight - `[I, O]`
 * @param bias - `[O]`
 * @returns `[..., O]`
 */
export function linear<T extends Tensor>(
  input: T,
  weight: Tensor2D,
  bias?: Tensor1D | undefined,
  activation?: Activation | undefined,
): T {
  const { I, O } = expectFloats(weight, "linear: weight", ["I", "O"]);
  const leading = expectLastAxis(input, "linear: input", I);
  if (bias !== undefined) expectFloats(bias, "linear: bias", [O]);
  if (hasKernel(linearKernel)) return fusedLinear(input, weight, bias, activation);
  return tidy(() => {
    const count = leading.reduce((product, size) => product * size, 1);
    const rows: Tensor2D = input.rank === 2 ? (input as unknown as Tensor2D) : reshape(input, [count, I]);
    let output: Tensor2D = matMul(rows, weight);
    if (bias !== undefined) output = add(output, bias);
    if (activation !== undefined) output = activate(output, activation);
    return (input.rank === 2 ? output : reshape(output, [...leading, O])) as T;
  });
}

function fusedLinear<T extends Tensor>(
  input: T,
  weight: Tensor2D,
  bias: Tensor1D | undefined,
  activation: Activation | undefined,
): T {
  const kernel = activation === "relu" ? linearReluKernel : linearKernel;
  const run = (): T => runKernel(kernel, bias === undefined ? [input, weight] : [input, weight, bias], {})[0] as T;
  return activation === undefined || activation === "relu" ? run() : tidy(() => activate(run(), activation));
}
