import { add, matMul, reshape, scalar, type Tensor, type Tensor1D, type Tensor2D, tidy } from "@tensorflow/tfjs-core";
import { expectShape } from "../expect-shape.ts";
import { activate, type Activation } from "./activation.ts";
import { type ActiveDropout, dropout } from "./dropout.ts";
import { fusedKernels, hasKernel, type LinearReluAttributes, runKernel } from "./native-kernel.ts";

/** What a linear layer does behind its sum. */
export interface LinearOptions {
  readonly activation?: Activation | undefined;
  /** Of the activated result. */
  readonly dropout?: ActiveDropout | undefined;
}

/**
 * `dropout(activation(input @ weight + bias))` over the last axis. `I O` width before and after.
 *
 * @param input - `[..., I]`
 * @param weight - `[I, O]`
 * @param bias - `[O]`
 * @returns `[..., O]`
 */
export function linear<T extends Tensor>(input: T, weight: Tensor2D, bias?: Tensor1D | undefined, options: LinearOptions = {}): T {
  const { I, O } = expectShape(weight.shape, "linear: weight", ["I", "O"]);
  const leading = input.shape.slice(0, -1);
  expectShape(input.shape, "linear: input", [...leading, I]);
  if (hasKernel(fusedKernels.linear)) return fusedLinear(input, weight, bias, options);
  return tidy(() => {
    const rows: Tensor2D = input.rank === 2 ? (input as unknown as Tensor2D) : reshape(input, [-1, I]);
    let output: Tensor2D = matMul(rows, weight);
    if (bias !== undefined) output = add(output, bias);
    return finished(input.rank === 2 ? output : reshape(output, [...leading, O]), options) as T;
  });
}

function finished(output: Tensor, { activation, dropout: active }: LinearOptions): Tensor {
  const activated = activation === undefined ? output : activate(output, activation);
  return active === undefined ? activated : dropout(activated, active.rate, active.random);
}

function fusedLinear<T extends Tensor>(input: T, weight: Tensor2D, bias: Tensor1D | undefined, options: LinearOptions): T {
  const operands: Tensor[] = bias === undefined ? [input, weight] : [input, weight, bias];
  return tidy(() => {
    if (options.activation !== "relu") return finished(runKernel(fusedKernels.linear, operands, {})[0] as T, options) as T;
    // ReLU and dropout leave 0 where there is no gradient, so the result is all that the gradient needs of them.
    const attributes: LinearReluAttributes = { rate: options.dropout?.rate ?? 0 };
    if (options.dropout !== undefined) operands.push(scalar(options.dropout.random.uint32() | 0, "int32"));
    return runKernel(fusedKernels.linearRelu, operands, attributes)[0] as T;
  });
}
