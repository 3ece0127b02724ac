import { hasKernel } from "@detrkit/nn/kernels";
import { expectClose, guardAgainstLeaks, uniformTensor } from "@detrkit/test-utils";
import "@tensorflow/tfjs";
import "@tensorflow/tfjs-backend-wasm";
import {
  enableProdMode,
  getBackend,
  getGradient,
  getKernel,
  grads,
  mul,
  type Rank,
  setBackend,
  sum,
  type Tensor,
  tidy,
} from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { randomOperands, tensorsOf, withTensors } from "../../test-support/random-operands.ts";
import { composedDeformableAttention } from "../ops/composed.ts";
import { multiScaleDeformableAttention } from "../ops/multi-scale-deformable-attention.ts";
import { registerGradients } from "./register-gradients.ts";
import { registerKernels } from "./register-kernels.ts";
import { deformableAttentionGradientKernel, deformableAttentionKernel, deformableSamplingKernel } from "./names.ts";

const names = [deformableAttentionKernel, deformableAttentionGradientKernel];

describe.each(["cpu", "wasm"])("on the %s backend", (backend) => {
  beforeAll(async () => {
    enableProdMode();
    await setBackend(backend);
  });
  guardAgainstLeaks();

  test("the op runs as one kernel, forwards and backwards, and computes what it does elsewhere", () => {
    tidy(() => {
      expect(getBackend()).toBe(backend);
      const operands = randomOperands(
        {
          B: 2,
          Q: 7,
          M: 3,
          C: 5,
          P: 2,
          levels: [
            [3, 5],
            [1, 2],
          ],
        },
        1,
        "anywhere",
      );
      const upstream = uniformTensor<Rank.R3>([2, 7, 15], { seed: 9 });
      const [value] = tensorsOf(operands);
      const output = multiScaleDeformableAttention(operands);
      expect(names.every((name) => hasKernel(name))).toBe(true);
      expectClose(output, composedDeformableAttention(operands));
      const gradients = grads((...tensors: Tensor[]) =>
        sum(mul(multiScaleDeformableAttention(withTensors(operands, tensors)), upstream)),
      )(tensorsOf(operands));
      expect(gradients.map(({ shape }) => shape)).toEqual(tensorsOf(operands).map(({ shape }) => shape));
      // The op is linear in value and in weights, so both gradients give the weighted result back.
      const total = sum(mul(output, upstream));
      expectClose(sum(mul(gradients[0] as Tensor, value)), total, { rtol: 1e-4 });
      expectClose(sum(mul(gradients[2] as Tensor, operands.attentionWeights)), total, { rtol: 1e-4 });
    });
  });
});

// That it prints nothing either is seen to by the set-up of all tests.
test("registering again, as a second copy of the package does, changes nothing", () => {
  const registered = (): unknown[] => [
    ...names.flatMap((name) => [getKernel(name, "cpu"), getKernel(name, "wasm")]),
    getGradient(deformableAttentionKernel),
    getGradient(deformableSamplingKernel),
  ];
  registerKernels();
  registerGradients();
  const before = registered();
  expect(before.every((config) => config !== undefined)).toBe(true);
  registerKernels();
  registerGradients();
  registered().forEach((config, index) => expect(config).toBe(before[index]));
});

test("each gradient kernel runs once, however many gradients are asked for", () => {
  tidy(() => {
    const operands = randomOperands({ B: 1, Q: 2, M: 1, C: 2, P: 1, levels: [[2, 3]] }, 1, "smooth");
    multiScaleDeformableAttention(operands);
    const config = getKernel(deformableAttentionGradientKernel, getBackend());
    const run = vi.spyOn(config, "kernelFunc");
    grads((...tensors: Tensor[]) => sum(multiScaleDeformableAttention(withTensors(operands, tensors))))(
      tensorsOf(operands),
    );
    expect(run).toHaveBeenCalledTimes(1);
  });
});
