import { Random } from "@detrkit/common";
import { convolution, type Parameter } from "@detrkit/nn";
import { expectClose, uniformTensor, describeOnBackends } from "@detrkit/test-utils";
import {
  add,
  div,
  fill,
  moments,
  mul,
  type Rank,
  relu,
  reshape,
  type Scalar,
  sqrt,
  sub,
  sum,
  type Tensor,
  type Tensor4D,
  tidy,
  variableGrads,
} from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { ConvolutionNorm, type NormKind } from "./convolution-norm.ts";

const [B, H, W, I, O] = [2, 7, 5, 3, 11] as const;

function unitWithNorm(norm: NormKind): ConvolutionNorm {
  const unit = new ConvolutionNorm({
    inputChannels: I,
    outputChannels: O + 1,
    kernelSize: 3,
    stride: 2,
    norm,
    random: new Random(5),
  });
  [...unit.norm.parameters()].forEach(([name, parameter], index) => {
    parameter.assign(
      uniformTensor(parameter.shape as [number], {
        seed: 20 + index,
        low: name === "runningVariance" ? 0.5 : -1,
        high: 2,
      }),
    );
  });
  return unit;
}

function valueOf(unit: ConvolutionNorm, name: string): Tensor {
  return (unit.parameters().get(name) as Parameter).value;
}

function plainConvolution(unit: ConvolutionNorm, input: Tensor4D): Tensor4D {
  return convolution(input, valueOf(unit, "convolution.weight") as Tensor4D, { strides: 2, padding: 1, dilation: 1 });
}

/** `(x - mean) / sqrt(variance + ε) · weight + bias` with a batch norm's given statistics. */
function normalised(unit: ConvolutionNorm, x: Tensor4D, mean: Tensor, variance: Tensor): Tensor4D {
  return add(
    mul(div(sub(x, mean), sqrt(add(variance, 1e-5))), valueOf(unit, "norm.weight")),
    valueOf(unit, "norm.bias"),
  );
}

function inputs(): { input: Tensor4D; residual: Tensor4D } {
  return {
    input: uniformTensor<Rank.R4>([B, H, W, I], { seed: 1 }),
    residual: uniformTensor<Rank.R4>([B, 4, 3, O + 1], { seed: 2 }),
  };
}

describeOnBackends("ConvolutionNorm", () => {
  test.each(["frozen-batch", "batch"] as const)(
    "a %s norm in inference normalises by the running statistics, adds the residual, then activates",
    (norm) => {
      const unit = unitWithNorm(norm);
      tidy(() => {
        const { input, residual } = inputs();
        const expected = normalised(
          unit,
          plainConvolution(unit, input),
          valueOf(unit, "norm.runningMean"),
          valueOf(unit, "norm.runningVariance"),
        );
        expectClose(unit.call(input), expected, { rtol: 1e-4, atol: 1e-5 });
        expectClose(unit.call(input, { residual, activation: "relu" }), relu(add(expected, residual)), {
          rtol: 1e-4,
          atol: 1e-5,
        });
      });
      unit.dispose();
    },
  );

  test("a batch norm in training normalises by the batch and moves the running statistics", () => {
    const unit = unitWithNorm("batch");
    tidy(() => {
      const { input, residual } = inputs();
      const before = valueOf(unit, "norm.runningMean").clone();
      const x = plainConvolution(unit, input);
      const { mean, variance } = moments(x, [0, 1, 2]);
      const expected = relu(add(normalised(unit, x, mean, variance), residual));
      expectClose(unit.call(input, { residual, activation: "relu", training: true }), expected, {
        rtol: 1e-4,
        atol: 1e-5,
      });
      expectClose(valueOf(unit, "norm.runningMean"), add(mul(before, 0.9), mul(mean, 0.1)), { rtol: 1e-4, atol: 1e-5 });
    });
    unit.dispose();
  });

  test("a group norm normalises groups of four channels of each image", () => {
    const unit = unitWithNorm("group");
    tidy(() => {
      const { input, residual } = inputs();
      const grouped = reshape(plainConvolution(unit, input), [B, 4 * 3, 3, 4]);
      const { mean, variance } = moments(grouped, [1, 3], true);
      const x: Tensor4D = reshape(div(sub(grouped, mean), sqrt(add(variance, 1e-5))), [B, 4, 3, O + 1]);
      const expected = relu(add(add(mul(x, valueOf(unit, "norm.weight")), valueOf(unit, "norm.bias")), residual));
      expectClose(unit.call(input, { residual, activation: "relu", training: true }), expected, {
        rtol: 1e-4,
        atol: 1e-5,
      });
    });
    unit.dispose();
  });

  test("the kept filter of a frozen norm follows every change of the parameters it is made of", () => {
    const unit = unitWithNorm("frozen-batch");
    tidy(() => {
      const { input } = inputs();
      for (const name of [
        "convolution.weight",
        "norm.weight",
        "norm.runningVariance",
        "norm.runningMean",
        "norm.bias",
      ]) {
        unit.call(input);
        const parameter = unit.parameters().get(name) as Parameter;
        parameter.assign(fill([...parameter.shape], 0.75));
        const expected = normalised(
          unit,
          plainConvolution(unit, input),
          valueOf(unit, "norm.runningMean"),
          valueOf(unit, "norm.runningVariance"),
        );
        expectClose(unit.call(input), expected, { rtol: 1e-4, atol: 1e-5 });
      }
    });
    unit.dispose();
  });

  test("gradients reach the weight through a frozen norm, also after inference has kept the folded filter", () => {
    const unit = unitWithNorm("frozen-batch");
    const { weight } = unit.convolution;
    tidy(() => {
      const { input } = inputs();
      const cotangent = uniformTensor([B, 4, 3, O + 1], { seed: 6 });
      const folded = (): Tensor =>
        variableGrads((): Scalar => sum(mul(unit.call(input), cotangent)), [weight.value]).grads[
          weight.value.name
        ] as Tensor;
      const plain = variableGrads((): Scalar => {
        const x = normalised(
          unit,
          plainConvolution(unit, input),
          valueOf(unit, "norm.runningMean"),
          valueOf(unit, "norm.runningVariance"),
        );
        return sum(mul(x, cotangent));
      }, [weight.value]).grads[weight.value.name] as Tensor;
      expectClose(folded(), plain, { rtol: 1e-4, atol: 1e-4 });
      unit.call(input);
      expectClose(folded(), plain, { rtol: 1e-4, atol: 1e-4 });
      weight.assign(mul(weight.value, 2));
      unit.call(input);
      expectClose(folded(), plain, { rtol: 1e-4, atol: 1e-4 });
    });
    unit.dispose();
  });

  test("at most 32 groups are made, however many channels there are", () => {
    const unit = new ConvolutionNorm({
      inputChannels: 1,
      outputChannels: 256,
      kernelSize: 1,
      norm: "group",
      random: new Random(1),
    });
    expect(unit.norm).toMatchObject({ groups: 32 });
    unit.dispose();
  });
});
