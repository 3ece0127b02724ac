import { add, customGrad, erf, exp, mul, relu, square, type Tensor, tidy } from "@tensorflow/tfjs-core";
import { expectTensor } from "../expect-tensor.ts";

/** The activations of a transformer's feed-forward part. */
export type Activation = "relu" | "gelu";

/** Applies an activation. */
export function activate<T extends Tensor>(input: T, activation: Activation): T {
  expectTensor(input, `${activation}: input`, "float32");
  return activation === "relu" ? relu(input) : gelu(input);
}

/**
 * Gaussian error linear unit `x * P(X <= x)`, by the exact error function (PyTorch's default), not its tanh
 * approximation.
 */
export function gelu<T extends Tensor>(input: T): T {
  const withGradient = customGrad((...inputs) => {
    const [x, save] = inputs as unknown as [T, (tensors: Tensor[]) => void];
    const probability = mul(add(erf(mul(x, Math.SQRT1_2)), 1), 0.5);
    save([x, probability]);
    return {
      value: mul(x, probability),
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const [x, probability] = saved as [Tensor, Tensor];
        const density = mul(exp(mul(square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
        return mul(dy, add(probability, mul(x, density)));
      },
    };
  });
  expectTensor(input, "gelu: input", "float32");
  return tidy(() => withGradient(input) as T);
}
