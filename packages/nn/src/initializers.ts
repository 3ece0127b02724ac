import type { Random } from "@detrkit/common";
import { type Tensor, tensor } from "@tensorflow/tfjs-core";

/** What an initialiser knows about the parameter it fills. */
export interface InitializerContext {
  readonly shape: readonly number[];
  /** Inputs that one output sums over; for a bias, those of its weight. */
  readonly fanIn: number;
  /** Outputs that one input contributes to; for a bias, those of its weight. */
  readonly fanOut: number;
  readonly random: Random;
}

/** Makes the first value of a parameter. */
export type Initializer = (context: InitializerContext) => Tensor;

/** Which fan a Kaiming initialiser keeps the variance of: `fanIn` that of activations, `fanOut` that of gradients. */
export interface KaimingOptions {
  readonly mode?: "fanIn" | "fanOut";
  /** Factor of the standard deviation for the activation that follows. Default `sqrt(2)`, for ReLU. */
  readonly gain?: number;
}

/** The same number everywhere. */
export function constant(value: number): Initializer {
  return ({ shape }) => filled(shape, () => value);
}

/** Uniform in `[low, high)`. */
export function uniform(low: number, high: number): Initializer {
  return ({ shape, random }) => filled(shape, () => random.uniform(low, high));
}

/** Normal with the given mean and standard deviation. */
export function normal(mean = 0, deviation = 1): Initializer {
  return ({ shape, random }) => filled(shape, () => mean + deviation * random.normal());
}

/** Glorot and Bengio's: uniform with variance `2 / (fanIn + fanOut)`. */
export function xavierUniform(gain = 1): Initializer {
  return (context) => symmetric(gain * Math.sqrt(6 / (context.fanIn + context.fanOut)))(context);
}

/** Glorot and Bengio's: normal with variance `2 / (fanIn + fanOut)`. */
export function xavierNormal(gain = 1): Initializer {
  return (context) => normal(0, gain * Math.sqrt(2 / (context.fanIn + context.fanOut)))(context);
}

/** He and others': uniform with variance `gain^2 / fan`. */
export function kaimingUniform(options: KaimingOptions = {}): Initializer {
  return (context) => symmetric(Math.sqrt(3) * kaimingDeviation(context, options))(context);
}

/** He and others': normal with variance `gain^2 / fan`. */
export function kaimingNormal(options: KaimingOptions = {}): Initializer {
  return (context) => normal(0, kaimingDeviation(context, options))(context);
}

/** PyTorch's default for weights and biases of linear and convolution layers: uniform within `1 / sqrt(fanIn)`. */
export function inverseRootFanIn(): Initializer {
  return (context) => symmetric(1 / Math.sqrt(context.fanIn))(context);
}

function symmetric(bound: number): Initializer {
  return uniform(-bound, bound);
}

function kaimingDeviation(context: InitializerContext, { mode = "fanIn", gain = Math.SQRT2 }: KaimingOptions): number {
  return gain / Math.sqrt(context[mode]);
}

function filled(shape: readonly number[], next: () => number): Tensor {
  const values = new Float32Array(shape.reduce((product, size) => product * size, 1));
  for (let index = 0; index < values.length; index++) values[index] = next();
  return tensor(values, [...shape]);
}
