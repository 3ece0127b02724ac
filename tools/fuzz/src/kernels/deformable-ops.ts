import { Random } from "@detrkit/common";
import {
  MultiScaleDeformableAttention,
  type MultiScaleDeformableAttentionConfig,
  multiScaleDeformableAttention,
  samplingLocations,
} from "@detrkit/deformable-attention";
import type { ImageSize } from "@detrkit/nn";
import type { Rank, Tensor, Tensor2D, Tensor3D, Tensor4D, Tensor5D } from "@tensorflow/tfjs-core";
import { cellsOf, flag, float, type FuzzedOp, locatedInputs, mask, type Sizes } from "./call.ts";

const always = (): boolean => true;
const levelsOf = (attributes: Readonly<Record<string, unknown>>): readonly ImageSize[] =>
  attributes["levelShapes"] as readonly ImageSize[];
const coordinates = (sizes: Sizes): 2 | 4 => (flag(sizes, 0) ? 4 : 2);

/** The ops of deformable-attention. */
export const deformableOps: Readonly<Record<string, FuzzedOp>> = {
  multiScaleDeformableAttention: {
    plan: (sizes) => ({ inputs: locatedInputs(sizes), attributes: { levelShapes: sizes.levels } }),
    run: ([value, locations, weights], attributes) => [
      multiScaleDeformableAttention({
        value: value as Tensor4D,
        samplingLocations: locations as Tensor<Rank.R6>,
        attentionWeights: weights as Tensor5D,
        levelShapes: levelsOf(attributes),
      }),
    ],
    plain: always,
    differentiable: true,
  },
  samplingLocations: {
    plan: (sizes) => ({
      inputs: [
        float(sizes.a, sizes.b, sizes.n, sizes.levels.length, sizes.m, 2),
        float(sizes.a, sizes.b, sizes.levels.length, coordinates(sizes)),
      ],
      attributes: { levelShapes: sizes.levels },
    }),
    run: ([offsets, referencePoints], attributes) => [
      samplingLocations({
        offsets: offsets as Tensor<Rank.R6>,
        referencePoints: referencePoints as Tensor4D,
        levelShapes: levelsOf(attributes),
      }),
    ],
    plain: always,
    differentiable: true,
  },
  MultiScaleDeformableAttention: {
    plan: (sizes) => {
      const [B, Q, S, D] = [sizes.a, sizes.b, cellsOf(sizes), sizes.n * sizes.m];
      return {
        inputs: [
          float(B, Q, D),
          float(B, S, D),
          float(B, Q, sizes.levels.length, coordinates(sizes)),
          ...(flag(sizes, 1) ? [mask(B, S)] : []),
        ],
        // In one: parameters of a size drawn at random would take all memory.
        attributes: {
          config: { dim: D, heads: sizes.n, levels: sizes.levels.length, points: sizes.m },
          levelShapes: sizes.levels,
        },
      };
    },
    run: ([queries, memory, referencePoints, memoryPaddingMask], attributes) => {
      const config = attributes["config"] as Omit<MultiScaleDeformableAttentionConfig, "random">;
      const module = new MultiScaleDeformableAttention({ ...config, random: new Random(1) });
      try {
        return [
          module.call({
            queries: queries as Tensor3D,
            memory: memory as Tensor3D,
            referencePoints,
            memoryPaddingMask: memoryPaddingMask as Tensor2D | undefined,
            levelShapes: levelsOf(attributes),
          }),
        ];
      } finally {
        module.dispose();
      }
    },
    plain: always,
  },
};
