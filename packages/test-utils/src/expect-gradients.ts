import { Random } from "@detrkit/common";
import {
  grads,
  mul,
  type Scalar,
  sum,
  type Tensor,
  tensor,
  tidy,
  type Variable,
  variableGrads,
} from "@tensorflow/tfjs-core";
import { type Closeness, expectClose } from "./expect-close.ts";

export interface GradientCheckOptions extends Closeness {
  /** Variables that `compute` reads (parameters of a module), checked as well. */
  readonly variables?: readonly Variable[];
  /** How far each entry is moved both ways. Default 1e-2: float32 leaves a smaller step to rounding. */
  readonly step?: number;
  /** Of the random weights that make one number of the outputs. Default 1. */
  readonly seed?: number;
}

/**
 * Expects the gradients of `sum(weights * compute(...inputs))`, with random weights, to equal central finite
 * differences, for every entry of every input and variable. Choose inputs away from kinks. Default tolerance: rtol
 * 1e-2, atol 2e-3.
 */
export function expectGradients(
  compute: (...inputs: Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  options: GradientCheckOptions = {},
): void {
  const { variables = [], step = 1e-2, seed = 1, rtol = 1e-2, atol = 2e-3 } = options;
  tidy(() => {
    const output = compute(...inputs);
    const random = new Random(seed);
    const weights = Float32Array.from({ length: output.size }, () => random.uniform(-1, 1));
    const weighted = (...values: Tensor[]): Tensor => sum(mul(compute(...values), tensor(weights, output.shape)));
    // Added up in float64, so that only the function's own rounding is left in the difference.
    const evaluate = (values: readonly Tensor[]): number => {
      const result = Float64Array.from(tidy(() => compute(...values).dataSync()));
      return result.reduce((total, value, index) => total + value * (weights[index] as number), 0);
    };
    if (inputs.length > 0) {
      const analytic = grads(weighted)([...inputs]);
      inputs.forEach((input, position) => {
        const moved = differences(input, step, (perturbed) => evaluate(inputs.with(position, perturbed)));
        expectClose(analytic[position] as Tensor, tensor(moved, input.shape), { rtol, atol });
      });
    }
    if (variables.length > 0) {
      const { grads: analytic } = variableGrads(() => weighted(...inputs) as Scalar, [...variables]);
      for (const variable of variables) {
        const original = variable.clone();
        const moved = differences(original, step, (perturbed) => {
          variable.assign(perturbed);
          return evaluate(inputs);
        });
        variable.assign(original);
        expectClose(analytic[variable.name] as Tensor, tensor(moved, variable.shape), { rtol, atol });
      }
    }
  });
}

/** `(evaluate(x + step) - evaluate(x - step)) / (2 * step)` for each entry of `x`. */
function differences(at: Tensor, step: number, evaluate: (perturbed: Tensor) => number): Float32Array {
  const values = Float32Array.from(at.dataSync());
  return values.map((value, index) => {
    // Rounding to float32 changes the step a little; what counts is the distance really moved.
    const [high, low] = [Math.fround(value + step), Math.fround(value - step)];
    const evaluateAt = (moved: number): number => tidy(() => evaluate(tensor(values.with(index, moved), at.shape)));
    return (evaluateAt(high) - evaluateAt(low)) / (high - low);
  });
}
