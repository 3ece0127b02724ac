import { expectFloats, expectTensor, Module, Parameter } from "@detrkit/nn";
import { AdamW } from "@detrkit/optim";
import { add, clone, mul, type Scalar, sum, type Tensor } from "@tensorflow/tfjs-core";
import { flag, float, type FuzzedOp } from "./call.ts";

class TwoParameters extends Module {
  readonly first: Parameter;
  readonly second: Parameter;

  constructor([first, second]: readonly Tensor[]) {
    super();
    this.first = new Parameter(clone(first as Tensor));
    this.second = new Parameter(clone(second as Tensor));
  }
}

/** What a model computes from is its own matter; AdamW is given what there can be. */
function expectGradients([first, second, byFirst, bySecond]: readonly Tensor[]): void {
  for (const [name, parameter, gradient] of [
    ["first", first, byFirst],
    ["second", second, bySecond],
  ] as const) {
    expectTensor(parameter as Tensor, `${name} parameter`, "float32");
    expectFloats(gradient as Tensor, `gradient by the ${name} parameter`, (parameter as Tensor).shape);
  }
}

/** Two steps on two parameters, whose gradients are the other two inputs. */
export const adamWOp: FuzzedOp = {
  plan: (sizes) => {
    const [first, second] = [float(sizes.a, sizes.b), float(sizes.c)];
    return {
      inputs: [first, second, first, second],
      attributes: {
        learningRate: 0.1,
        weightDecay: 0.01,
        epsilon: 1e-3,
        clipNorm: flag(sizes, 0) ? 0.5 : 0,
        beta: 0.9,
      },
    };
  },
  run: async (inputs, attributes) => {
    expectGradients(inputs);
    const { learningRate, weightDecay, epsilon, clipNorm, beta } = attributes as Record<string, number>;
    const model = new TwoParameters(inputs);
    const [, , byFirst, bySecond] = inputs as [Tensor, Tensor, Tensor, Tensor];
    let optimizer: AdamW | undefined;
    try {
      optimizer = new AdamW({
        groups: [{ learningRate: learningRate as number }],
        weightDecay: weightDecay as number,
        epsilon: epsilon as number,
        clipNorm: clipNorm as number,
        betas: [beta as number, 0.999],
      });
      for (let step = 0; step < 2; step++) {
        await optimizer.step(
          model,
          () => add(sum(mul(model.first.value, byFirst)), sum(mul(model.second.value, bySecond))) as Scalar,
        );
      }
      return [clone(model.first.value as Tensor), clone(model.second.value as Tensor)];
    } finally {
      optimizer?.dispose();
      model.dispose();
    }
  },
  plain: () => true,
};
