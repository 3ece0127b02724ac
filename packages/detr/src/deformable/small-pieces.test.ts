import { describeOnBackends, expectClose, uniformTensor } from "@detrkit/test-utils";
import {
  add,
  dispose,
  grad,
  mul,
  type Rank,
  sigmoid,
  square,
  sum,
  tensor1d,
  type Tensor,
  tensor3d,
  tidy,
  variableGrads,
  variable,
} from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { withoutGradient } from "@detrkit/nn";
import { clippedInverseSigmoid, sineOfCoordinates } from "./coordinates.ts";
import { LevelScale } from "./level-geometry.ts";

describeOnBackends("pieces of Deformable DETR", () => {
  test("clipped logits are the inverse sigmoid of the sigmoid, with each side kept at 1e-5", () => {
    tidy(() => {
      const logits = tensor1d([-Infinity, Math.log(1e-6), -3, 0, 2.5, Infinity]);
      const inverse = (place: number): number => Math.log(Math.max(place, 1e-5) / Math.max(1 - place, 1e-5));
      expectClose(clippedInverseSigmoid(logits), [inverse(0), inverse(1e-6), -3, 0, 2.5, inverse(1)], { rtol: 1e-5 });
    });
  });

  test("a constant is not differentiated, and the rest is", () => {
    tidy(() => {
      const slope = grad((x: Tensor) =>
        sum(
          mul(
            x,
            withoutGradient(() => square(x)),
          ),
        ),
      )(tensor1d([2, 3]));
      expectClose(slope, [4, 9]);
      const weight = variable(tensor1d([5]));
      const { grads } = variableGrads(
        () =>
          sum(
            add(
              mul(weight, 3),
              withoutGradient(() => sigmoid(weight)),
            ),
          ),
        [weight],
      );
      expectClose(grads[weight.name] as Tensor, [3]);
      expectClose(
        withoutGradient(() => square(weight)),
        [25],
      );
      dispose(weight);
    });
  });

  test("points and boxes normalised by the image become normalised by each padded level", () => {
    tidy(() => {
      const levelShapes = [
        { height: 4, width: 10 },
        { height: 2, width: 5 },
      ];
      const scale = new LevelScale({ levelShapes, levelSizes: [[{ height: 2, width: 8 }], [{ height: 1, width: 5 }]] });
      const points = scale.referencePoints(tensor3d([0, 0], [1, 1, 2]));
      expectClose(points, [
        [
          [
            [0.5 * 0.8, 0.5 * 0.5],
            [0.5, 0.5 * 0.5],
          ],
        ],
      ]);
      const logit = Math.log(0.2 / 0.8);
      expectClose(scale.referencePoints(tensor3d([0, 0, logit, logit], [1, 1, 4])), [
        [
          [
            [0.4, 0.25, 0.16, 0.1],
            [0.5, 0.25, 0.2, 0.1],
          ],
        ],
      ]);
    });
  });

  test("a box's code is sines and cosines of its four coordinates, one after the other", () => {
    tidy(() => {
      const code = sineOfCoordinates(uniformTensor<Rank.R3>([2, 3, 4], { seed: 1, low: -3, high: 3 }), 6);
      expect(code.shape).toEqual([2, 3, 24]);
      const [value] = uniformTensor<Rank.R3>([2, 3, 4], { seed: 1, low: -3, high: 3 })
        .dataSync()
        .slice((1 * 3 + 2) * 4 + 1);
      const place = (2 * Math.PI) / (1 + Math.exp(-(value as number)));
      const expected = [0, 1, 2].flatMap((pair) => [
        Math.sin(place / 10000 ** (pair / 3)),
        Math.cos(place / 10000 ** (pair / 3)),
      ]);
      expectClose(code.dataSync<"float32">().subarray((1 * 3 + 2) * 24 + 6, (1 * 3 + 2) * 24 + 12), expected, {
        atol: 1e-5,
      });
    });
  });
});
