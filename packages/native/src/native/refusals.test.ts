import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import {
  deformableAttentionGradientKernel,
  deformableSamplingGradientKernel,
} from "@detrkit/deformable-attention/kernels";
import {
  attentionKernel,
  feedForwardKernel,
  groupNormGradientKernel,
  groupNormKernel,
  hasKernel,
  layerNormGradientKernel,
  layerNormKernel,
  linearGradientKernel,
  linearKernel,
  maxPoolGradientKernel,
  maxPoolKernel,
  multiHeadAttentionKernel,
  runKernel,
} from "@detrkit/nn/kernels";
import { adamWKernel } from "@detrkit/optim/kernels";
import { describeOnFusedBackends, useBackend } from "@detrkit/test-utils";
import { ones, scalar, type Tensor, tidy } from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";

type Shape = readonly number[];

/**
 * Inputs of a kernel by shape, those of a wrong one, and what the error says. Kernels read memory by these shapes, so
 * none may pass.
 */
interface Refusal {
  readonly kernel: string;
  readonly shapes: readonly Shape[];
  readonly attributes?: object;
  readonly wrong: readonly (readonly [index: number, shape: Shape, message: string])[];
}

const levelShapes = [{ height: 2, width: 3 }];

const refusals: readonly Refusal[] = [
  {
    kernel: linearKernel,
    shapes: [[5, 3], [3, 2], [2]],
    wrong: [
      [0, [5, 4], "linear: input expected [..., 3], got [5, 4]"],
      [1, [6], "linear: weight expected [I, O], got [6]"],
      [2, [1], "linear: bias expected [2], got [1]"],
    ],
  },
  {
    kernel: linearGradientKernel,
    shapes: [
      [5, 2],
      [5, 3],
      [3, 2],
      [5, 2],
    ],
    attributes: { bias: true },
    wrong: [
      [0, [4, 2], "linear: dy expected [5, 2], got [4, 2]"],
      [3, [5, 1], "linear: y expected [5, 2], got [5, 1]"],
    ],
  },
  {
    kernel: layerNormKernel,
    shapes: [[5, 3], [3], [3], [5, 3]],
    attributes: { epsilon: 1 },
    wrong: [
      [1, [2], "layer norm: weight expected [3], got [2]"],
      [2, [2], "layer norm: bias expected [3], got [2]"],
      [3, [3], "layer norm: residual expected [5, 3], got [3]"],
    ],
  },
  {
    kernel: layerNormGradientKernel,
    shapes: [[5, 3], [5, 3], [3], [5], [5]],
    wrong: [
      [0, [5], "layer norm: dy expected [5, 3], got [5]"],
      [3, [4], "layer norm: mean expected [5], got [4]"],
    ],
  },
  {
    kernel: groupNormKernel,
    shapes: [[1, 2, 5, 6], [6], [6], [1, 2, 5, 6]],
    attributes: { groups: 3, epsilon: 1, relu: false },
    wrong: [
      [0, [1, 2, 5, 4], "group norm: 3 groups do not divide 4 channels"],
      [1, [1], "group norm: weight expected [6], got [1]"],
      [2, [1], "group norm: bias expected [6], got [1]"],
      [3, [6], "group norm: residual expected [1, 2, 5, 6], got [6]"],
    ],
  },
  {
    kernel: groupNormGradientKernel,
    shapes: [[1, 5, 6], [1, 5, 6], [1, 5, 6], [6], [1, 6], [1, 6]],
    attributes: { groups: 3, relu: true, residual: true },
    wrong: [
      [0, [1, 4, 6], "group norm: dy expected [1, 5, 6], got [1, 4, 6]"],
      [5, [6], "group norm: scale expected [1, 6], got [6]"],
    ],
  },
  {
    kernel: maxPoolKernel,
    shapes: [[1, 5, 7, 3]],
    attributes: { window: 3, stride: 2, padding: 1 },
    wrong: [
      [0, [5, 7, 3], "max pool: input expected [B, H, W, C], got [5, 7, 3]"],
      [0, [1, 0, 7, 3], "a window of 3 does not fit into [1, 0, 7, 3] padded by 1"],
    ],
  },
  {
    kernel: maxPoolGradientKernel,
    shapes: [
      [1, 3, 4, 3],
      [1, 5, 7, 3],
      [1, 3, 4, 3],
    ],
    attributes: { window: 3, stride: 2, padding: 1 },
    wrong: [[0, [1, 3, 3, 3], "max pool: dy expected [1, 3, 4, 3], got [1, 3, 3, 3]"]],
  },
  {
    kernel: feedForwardKernel,
    shapes: [[5, 3], [3, 7], [7], [7, 3], [3]],
    attributes: { rate: 0 },
    wrong: [
      [0, [5, 4], "feed-forward: expand expected [4, 7], got [3, 7]"],
      [2, [1], "feed-forward: expand's bias expected [7], got [1]"],
      [3, [3, 7], "feed-forward: contract expected [7, 3], got [3, 7]"],
      [4, [1], "feed-forward: contract's bias expected [3], got [1]"],
    ],
  },
  {
    kernel: deformableAttentionGradientKernel,
    shapes: [
      [1, 6, 2, 4],
      [1, 3, 2, 1, 5, 2],
      [1, 3, 2, 1, 5],
      [1, 3, 8],
    ],
    attributes: { levelShapes },
    // The first problem must not be forgotten when the next input is read.
    wrong: [
      [0, [1, 5, 2, 4], "value has 5 cells, the levels together have 6"],
      [2, [1, 3, 2, 1, 4], "locations expected [1, 3, 2, 1, 4, 2], got [1, 3, 2, 1, 5, 2]"],
      [3, [1, 3, 7], "dresult expected [1, 3, 8], got [1, 3, 7]"],
    ],
  },
  {
    kernel: deformableSamplingGradientKernel,
    shapes: [
      [1, 6, 8],
      [1, 3, 20],
      [1, 3, 10],
      [1, 3, 1, 2],
      [1, 3, 8],
    ],
    attributes: { levelShapes, heads: 2, points: 5 },
    wrong: [
      [1, [1, 3, 18], "offsets expected [1, 3, 20], got [1, 3, 18]"],
      [4, [1, 2, 8], "dresult expected [1, 3, 8], got [1, 2, 8]"],
    ],
  },
];

describeOnFusedBackends("refusals", () => {
  test.for(refusals)(
    "$kernel refuses inputs that do not fit",
    ({ kernel, shapes, attributes = {}, wrong }, context) => {
      // WebAssembly composes some of them.
      if (!hasKernel(kernel)) context.skip();
      tidy(() => {
        const run = (given: readonly Shape[]): Tensor[] =>
          runKernel(
            kernel,
            given.map((shape) => ones([...shape] as [number])),
            attributes,
          );
        expect(run(shapes).length).toBeGreaterThan(0);
        for (const [index, shape, message] of wrong) expect(() => run(shapes.with(index, shape))).toThrow(message);
      });
    },
  );

  test("attention refuses inputs that do not fit", () => {
    tidy(() => {
      const attend = (query: Shape, key: Shape, value: Shape, mask: Shape, heads: number) => () => {
        const [q, k, v] = [query, key, value].map((shape) => ones([...shape] as [number])) as [Tensor, Tensor, Tensor];
        return runKernel(attentionKernel, [q, k, v, ones([...mask] as [number], "bool"), scalar(0, "int32")], {
          heads,
          rate: 0,
        });
      };
      expect(attend([1, 5, 6], [1, 3, 6], [1, 3, 6], [1, 3], 2)).not.toThrow();
      expect(attend([1, 5, 6], [1, 3, 6], [1, 3, 6], [0], 0)).toThrow("attention: 0 heads do not divide a width of 6");
      expect(attend([1, 5, 6], [2, 3, 6], [2, 3, 6], [0], 2)).toThrow(
        "attention: keys expected [1, S, 6], got [2, 3, 6]",
      );
      expect(attend([1, 5, 6], [1, 3, 6], [1, 2, 6], [0], 2)).toThrow(
        "attention: value expected [1, 3, 6], got [1, 2, 6]",
      );
      expect(attend([1, 5, 6], [1, 3, 6], [1, 3, 6], [3], 2)).toThrow(
        "attention: keyPaddingMask expected [1, 3], got [3]",
      );
    });
  });

  test("AdamW refuses moments and gradients of other sizes than the parameters", () => {
    tidy(() => {
      const step =
        (moments: number, gradient: Shape, settings = 9) =>
        () =>
          runKernel(
            adamWKernel,
            [ones([settings]), ones([moments]), ones([moments]), ones([2, 3]), ones([...gradient] as [number])],
            {},
          );
      expect(step(6, [2, 3])).not.toThrow();
      expect(step(5, [2, 3])).toThrow("AdamW: first moments expected [6], got [5]");
      expect(step(6, [3, 2])).toThrow("AdamW: gradient expected [2, 3], got [3, 2]");
      expect(step(6, [2, 3], 8)).toThrow("AdamW: settings expected [9], got [8]");
    });
  });
});

describe("on the native backend", () => {
  useBackend("native");

  test("multi-head attention refuses biases and positions that do not fit", () => {
    tidy(() => {
      const flags = { queries: false, queryPosition: false, keyPaddingMask: false };
      const attend = (position: Shape, bias: Shape) => () => {
        const parameters = Array.from({ length: 4 }, () => [ones([6, 6]), ones([...bias] as [number])]).flat();
        return runKernel(multiHeadAttentionKernel, [ones([...position] as [number]), ones([2, 5, 6]), ...parameters], {
          heads: 2,
          rate: 0,
          memoryPosition: true,
          ...flags,
        });
      };
      expect(attend([5, 6], [6])).not.toThrow();
      expect(attend([5, 6], [5])).toThrow("attention: bias expected [6], got [5]");
      expect(attend([4, 6], [6])).toThrow("attention: position expected [5, 6], got [4, 6]");
      expect(attend([1, 5, 6], [6])).toThrow("attention: position expected [2, 5, 6], got [1, 5, 6]");
    });
  });

  test("an op whose own memory is not to be had is an error, on any number of threads", async () => {
    const script = fileURLToPath(new URL("../../test-support/without-memory.ts", import.meta.url));
    const run = async (threads: number): Promise<string> => {
      const env = { ...process.env, TF_NUM_INTRAOP_THREADS: String(threads) };
      return (await promisify(execFile)(process.execPath, ["--conditions=@detrkit/source", script], { env })).stdout;
    };
    for (const threads of [1, 3]) expect(await run(threads)).toContain("not enough memory for an op's own work");
  }, 60_000);
});
