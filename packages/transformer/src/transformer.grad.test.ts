import { Random } from "@detrkit/common";
import { describeOnBackends, expectGradients, uniformTensor } from "@detrkit/test-utils";
import {
  concat,
  type Rank,
  reshape,
  tensor2d,
  type Tensor,
  type Tensor2D,
  type Tensor3D,
  tidy,
} from "@tensorflow/tfjs-core";
import { test } from "vitest";
import { Transformer } from "./transformer.ts";

describeOnBackends("gradients of a transformer", () => {
  test.each([false, true])("preNorm %s: by tokens, positions and every parameter, under dropout", (preNorm) => {
    const transformer = new Transformer({
      dim: 4,
      heads: 2,
      encoderLayers: 1,
      decoderLayers: 1,
      feedForwardDim: 3,
      activation: "gelu",
      dropout: 0.2,
      preNorm,
      random: new Random(1),
    });
    // With the biases of a new model the first self-attention returns 0, whose norm is far too curved for finite
    // differences.
    [...transformer.parameters().values()].forEach((parameter, index) => {
      if (parameter.shape.length === 1)
        parameter.assign(uniformTensor<Rank.R1>([parameter.size], { seed: index, low: 0.5, high: 1.5 }));
    });
    tidy(() => {
      const tokens = uniformTensor<Rank.R3>([1, 3, 4], { seed: 1 });
      const position = uniformTensor<Rank.R3>([1, 3, 4], { seed: 2 });
      const queryPosition = uniformTensor<Rank.R2>([2, 4], { seed: 3 });
      const paddingMask = tensor2d([[0, 0, 1]], [1, 3], "bool");
      const compute = (...[x, p, q]: Tensor[]): Tensor => {
        const given = { tokens: x as Tensor3D, position: p as Tensor3D, queryPosition: q as Tensor2D, paddingMask };
        const { states, memory } = transformer.call(given, { training: true, random: new Random(5) });
        return concat([reshape(states, [-1]), reshape(memory, [-1])]);
      };
      const variables = [...transformer.parameters().values()].map(({ value }) => value);
      expectGradients(compute, [tokens, position, queryPosition], { variables, rtol: 3e-2, atol: 5e-3 });
    });
    transformer.dispose();
  });
});
