import { Random } from "@detrkit/common";
import { boxL1 as boxL1Cost, classProbability, GroupMatcher, HungarianMatcher } from "@detrkit/matcher";
import { expectClose, useBackend } from "@detrkit/test-utils";
import { abs, concat, grads, mul, slice, type Tensor, type Tensor3D, tensor3d, tidy } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { boxL1, generalizedIou, SetCriterion, softmaxClassification } from "./index.ts";

useBackend("cpu");

const matcher = new HungarianMatcher({ costs: [classProbability({ weight: 1 }), boxL1Cost({ weight: 5 })] });
const losses = [softmaxClassification({ noObjectWeight: 0.1 }), boxL1({ weight: 5 }), generalizedIou({ weight: 2 })];
const targets = [
  { labels: Int32Array.of(1, 0), boxes: Float32Array.of(0.3, 0.3, 0.2, 0.2, 0.7, 0.6, 0.1, 0.4) },
  { labels: Int32Array.of(2), boxes: Float32Array.of(0.5, 0.5, 0.3, 0.6) },
];

test("three equal groups have the loss of one, and a third of its gradient each", () => {
  const random = new Random(1);
  const numbers = (length: number): Float32Array => Float32Array.from({ length }, () => random.uniform(0.1, 0.9));
  tidy(() => {
    const inputs = [tensor3d(numbers(40), [2, 5, 4]), tensor3d(numbers(40), [2, 5, 4])] as const;
    const thrice = inputs.map((part) => concat([part, part, part], 1));
    const one = new SetCriterion({ matcher, losses });
    const three = new SetCriterion({
      matcher: new GroupMatcher({ matcher, groups: 3 }),
      losses,
      averageBoxCount: (count) => 3 * count,
    });
    const lossOf = (criterion: SetCriterion) => (logits: Tensor, boxes: Tensor) =>
      criterion.call({ logits: logits as Tensor3D, boxes: boxes as Tensor3D }, targets).loss;
    const [logits, boxes] = thrice as [Tensor3D, Tensor3D];
    expectClose(lossOf(three)(logits, boxes), lossOf(one)(...inputs), { rtol: 1e-5, atol: 1e-6 });
    const ofGroups = grads(lossOf(three))(thrice);
    grads(lossOf(one))([...inputs]).forEach((gradient, part) => {
      expect(Math.max(...abs(gradient).dataSync())).toBeGreaterThan(0.01);
      for (let group = 0; group < 3; group++) {
        const ofGroup = slice(ofGroups[part] as Tensor, [0, 5 * group, 0], [2, 5, 4]);
        expectClose(mul(ofGroup, 3), gradient, { rtol: 1e-4, atol: 1e-6 });
      }
    });
  });
});
