import { describeOnBackends, expectClose, uniformTensor } from "@detrkit/test-utils";
import {
  grads,
  type Rank,
  sum,
  tensor,
  type Tensor,
  tensor4d,
  type Tensor4D,
  tidy,
  zeros,
} from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { samplingLocations } from "./sampling-locations.ts";

const levelShapes = [
  { height: 4, width: 5 },
  { height: 2, width: 10 },
];

describeOnBackends("samplingLocations", () => {
  test("offsets from points are in cells of each map: x by its width, y by its height", () => {
    tidy(() => {
      const offsets = tensor<Rank.R6>([1, 1, 1, 1, 2, -1, 2, -1], [1, 1, 2, 2, 1, 2]);
      const referencePoints = tensor4d([0.5, 0.25, 0.1, 1], [1, 1, 2, 2]);
      const locations = samplingLocations({ offsets, referencePoints, levelShapes });
      expect(locations.shape).toEqual(offsets.shape);
      expectClose(locations.dataSync(), [0.7, 0.5, 0.2, 1.5, 0.9, 0, 0.3, 0.5]);
    });
  });

  test("offsets from boxes are in halves of the box, shared out among the points", () => {
    tidy(() => {
      const offsets = tensor<Rank.R6>([1, 1, 2, -4], [1, 1, 1, 1, 2, 2]);
      const referencePoints = tensor4d([0.5, 0.25, 0.4, 0.8], [1, 1, 1, 4]);
      const locations = samplingLocations({ offsets, referencePoints, levelShapes: levelShapes.slice(1) });
      expectClose(locations.dataSync(), [0.6, 0.45, 0.7, -0.55]);
    });
  });

  test("gradients reach offsets and reference points", () => {
    tidy(() => {
      const inputs = [
        uniformTensor<Rank.R6>([1, 1, 1, 2, 3, 2], { seed: 1, low: 1, high: 1 }),
        tensor4d([0, 0, 1, 1, 0, 0, 2, 4], [1, 1, 2, 4]),
      ];
      const compute = (...[offsets, referencePoints]: Tensor[]): Tensor =>
        sum(
          samplingLocations({
            offsets: offsets as Tensor<Rank.R6>,
            referencePoints: referencePoints as Tensor4D,
            levelShapes,
          }),
        );
      const [byOffsets, byReferences] = grads(compute)(inputs) as [Tensor, Tensor];
      expectClose(
        byOffsets.dataSync(),
        [1, 1, 1, 1, 1, 1, 2, 4, 2, 4, 2, 4].map((size) => size / 6),
      );
      expectClose(byReferences.dataSync(), [3, 3, 0.5, 0.5, 3, 3, 0.5, 0.5]);
    });
  });

  test.each([2, 4])(
    "no heads: an empty result, and reference points of %i coordinates whose gradient is 0",
    (coordinates) => {
      tidy(() => {
        const inputs = [zeros<Rank.R6>([1, 2, 0, 2, 3, 2]), zeros<Rank.R4>([1, 2, 2, coordinates])];
        const compute = (...[offsets, referencePoints]: Tensor[]): Tensor =>
          samplingLocations({
            offsets: offsets as Tensor<Rank.R6>,
            referencePoints: referencePoints as Tensor4D,
            levelShapes,
          });
        expect(compute(...inputs).shape).toEqual([1, 2, 0, 2, 3, 2]);
        const [, byReferences] = grads(compute)(inputs) as [Tensor, Tensor];
        expectClose(byReferences.dataSync(), new Float32Array(4 * coordinates));
      });
    },
  );

  test("maps without size are named", () => {
    tidy(() => {
      const inputs = {
        offsets: zeros<Rank.R6>([2, 7, 3, 1, 4, 2]),
        referencePoints: zeros<Rank.R4>([2, 7, 1, 2]),
        levelShapes: [{ height: 4, width: 0 }],
      };
      expect(() => samplingLocations(inputs)).toThrow(
        'samplingLocations: levelShapes[0] expected a height and a width of at least 1, got {"height":4,"width":0}',
      );
    });
  });

  test("reference points that are neither points nor boxes are named", () => {
    tidy(() => {
      const inputs = {
        offsets: zeros<Rank.R6>([2, 7, 3, 2, 4, 2]),
        referencePoints: zeros<Rank.R4>([2, 7, 1, 2]),
        levelShapes,
      };
      expect(() => samplingLocations(inputs)).toThrow(
        "samplingLocations: referencePoints expected [2, 7, 2, 2] (points) or [2, 7, 2, 4] (boxes), got [2, 7, 1, 2]",
      );
    });
  });
});
