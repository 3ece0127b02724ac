import type { DetectionTarget, QueryMasks } from "@detrkit/boxes";
import { boxL1 as boxL1Cost, HungarianMatcher } from "@detrkit/matcher";
import { expectClose, uniformTensor, useBackend } from "@detrkit/test-utils";
import {
  gather,
  mul,
  reshape,
  type Tensor,
  tensor,
  tensor1d,
  type Tensor3D,
  type Tensor4D,
  tidy,
  variable,
  variableGrads,
  zeros,
  zerosLike,
} from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { maskDice, maskFocal, SetCriterion } from "../index.ts";

useBackend("cpu");

const criterion = new SetCriterion({
  matcher: new HungarianMatcher({ costs: [boxL1Cost({ weight: 1 })] }),
  losses: [maskFocal(), maskDice()],
});

/** Two images with three queries each; the boxes lie in a row, from left to right over both images. */
const logits = (): Tensor3D => zeros([2, 3, 2]);
const boxes = (): Tensor3D =>
  tensor(Array.from({ length: 6 }, (_, query) => [0.1 + query / 10, 0.5, 0.1, 0.1]).flat(), [2, 3, 4]);

/** One object in each image, on its second and its third query. */
const targets: readonly DetectionTarget[] = [0.2, 0.6].map((x) => ({
  labels: Int32Array.of(0),
  boxes: Float32Array.of(x, 0.5, 0.1, 0.1),
  masks: { height: 5, width: 7, data: Uint8Array.from({ length: 35 }, (_, pixel) => pixel % 2) },
}));

const nothing: readonly DetectionTarget[] = targets.map(() => ({
  labels: new Int32Array(0),
  boxes: new Float32Array(0),
  masks: { height: 5, width: 7, data: new Uint8Array(0) },
}));

/** Masks made by a head of one parameter, `[1]`; `asked` gets the queries of every call. */
function maskHead(masks: Tensor4D, scale: Tensor, asked: number[][] = []): QueryMasks {
  return {
    of: (queries) => {
      asked.push(Array.from(queries));
      const rows = reshape(masks, [6, masks.shape[2], masks.shape[3]]);
      return mul(gather(rows, tensor1d(Int32Array.from(queries), "int32")), scale) as Tensor3D;
    },
  };
}

test("only the masks of matched queries are computed, once for all losses", () => {
  tidy(() => {
    const asked: number[][] = [];
    const masks = uniformTensor([2, 3, 4, 3], { seed: 3, low: -2, high: 2 }) as Tensor4D;
    const given = { logits: logits(), boxes: boxes() };
    const { loss } = criterion.call({ ...given, masks: maskHead(masks, tensor1d([1]), asked) }, targets);
    expect(asked).toEqual([[1, 5]]);
    expectClose(loss, criterion.call({ ...given, masks }, targets).loss);
  });
});

test("without targets the loss is 0, and the mask head's parameters have gradients of zeros", () => {
  tidy(() => {
    const [scale, masks] = [variable(tensor1d([2])), uniformTensor([2, 3, 4, 3], { seed: 5 }) as Tensor4D];
    try {
      const { value, grads } = variableGrads(
        () => criterion.call({ logits: logits(), boxes: boxes(), masks: maskHead(masks, scale) }, nothing).loss,
        [scale],
      );
      expectClose(value, 0);
      expectClose(grads[scale.name] as Tensor, zerosLike(scale));
    } finally {
      scale.dispose();
    }
  });
});

test("masks of another number than were asked for are refused", () => {
  tidy(() => {
    const masks: QueryMasks = { of: () => zeros([3, 4, 5]) };
    expect(() => criterion.call({ logits: logits(), boxes: boxes(), masks }, targets)).toThrow(
      "masks.of of 2 queries expected [2, h, w], got [3, 4, 5]",
    );
  });
});
