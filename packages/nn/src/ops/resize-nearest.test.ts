import { describeOnBackends, expectClose, expectGradients, uniformTensor } from "@detrkit/test-utils";
import { dispose, type Rank, type Tensor, tensor4d, type Tensor4D, tidy } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { resizeNearest } from "./resize-nearest.ts";

describeOnBackends("resizeNearest", () => {
  test("each cell is repeated, the last one less often where sizes are odd", () => {
    tidy(() => {
      const map = tensor4d([1, 2, 3, 4], [1, 2, 2, 1]);
      expectClose(resizeNearest(map, { height: 3, width: 4 }), [
        [
          [[1], [1], [2], [2]],
          [[1], [1], [2], [2]],
          [[3], [3], [4], [4]],
        ],
      ]);
      expectClose(resizeNearest(map, { height: 2, width: 2 }), map);
    });
  });

  test.each([
    [6, 4],
    [5, 3],
    [3, 2],
    [7, 9],
  ])("its gradient to %i × %i equals finite differences, of several maps too", (height, width) => {
    const map = uniformTensor<Rank.R4>([2, 3, 2, 5], { seed: 1 });
    expectGradients((x: Tensor) => resizeNearest(x as Tensor4D, { height, width }), [map]);
    dispose(map);
  });

  test("a smaller size is refused", () => {
    tidy(() => {
      const map = uniformTensor<Rank.R4>([2, 3, 2, 5], { seed: 1 });
      expect(() => resizeNearest(map, { height: 2, width: 2 })).toThrow(
        "resizeNearest: size expected at least [3, 2], got [2, 2]",
      );
    });
  });
});
