import { ConfigError, type Random, ShapeError } from "@detrkit/common";
import {
  constant,
  expectFloats,
  expectInteger,
  expectShape,
  expectTensor,
  type ImageSize,
  type Initializer,
  Linear,
  Module,
  xavierUniform,
} from "@detrkit/nn";
import { hasKernel, runKernel } from "@detrkit/nn/kernels";
import type { AttendedPlaces, Attention, AttentionInputs } from "@detrkit/transformer";
import {
  add,
  type Rank,
  reshape,
  softmax,
  type Tensor,
  tensor1d,
  type Tensor3D,
  type Tensor4D,
  type Tensor5D,
  tidy,
} from "@tensorflow/tfjs-core";
import { registerGradients } from "./kernels/register-gradients.ts";
import { expectLevelShapes } from "./ops/level-shapes.ts";
import { multiScaleDeformableAttention } from "./ops/multi-scale-deformable-attention.ts";
import { expectReferencePoints, samplingLocations } from "./ops/sampling-locations.ts";
import { zeroRows } from "./ops/zero-rows.ts";
import { type DeformableSamplingAttributes, deformableSamplingKernel } from "./kernels/names.ts";

/** Sizes of a {@link MultiScaleDeformableAttention}. */
export interface MultiScaleDeformableAttentionConfig {
  /** Width `D` of queries, memory and output. */
  readonly dim: number;
  /** Number of heads `M`, a divisor of `dim`. */
  readonly heads: number;
  /** Number of maps `L` that the memory is made of. */
  readonly levels: number;
  /** Points `P` that each head samples from each map. */
  readonly points: number;
  readonly random: Random;
}

/** Inputs of the sampling kernel. `B` images, `S` cells of all maps, `Q` queries. */
interface Sampling {
  /** `[B, S, D]` */
  readonly value: Tensor3D;
  /** `[B, Q, M·L·P·2]` */
  readonly offsets: Tensor3D;
  /** Attention weights before their softmax: `[B, Q, M·L·P]`. */
  readonly logits: Tensor3D;
  /** `[B, Q, L, 2 or 4]` */
  readonly referencePoints: Tensor4D;
  readonly levelShapes: readonly ImageSize[];
}

/**
 * Attention that looks at a few points of each map instead of at every cell: each query predicts, for each head, map
 * and point, an offset from its reference point and a weight.
 */
export class MultiScaleDeformableAttention extends Module implements Attention {
  /** To `M·L·P·2`: heads, levels, points, x before y. */
  readonly samplingOffsets: Linear;
  /** To `M·L·P`: heads, levels, points. */
  readonly attentionWeights: Linear;
  readonly value: Linear;
  readonly output: Linear;
  readonly dim: number;
  readonly heads: number;
  readonly levels: number;
  readonly points: number;

  constructor({ dim, heads, levels, points, random }: MultiScaleDeformableAttentionConfig) {
    super();
    for (const [name, count] of Object.entries({ heads, levels, points }))
      expectInteger(count, `MultiScaleDeformableAttention: ${name}`, 1);
    if (dim % heads !== 0)
      throw new ConfigError(`MultiScaleDeformableAttention: ${heads} heads do not divide a width of ${dim}`);
    const samples = heads * levels * points;
    const predicted = { inputDim: dim, weightInitializer: constant(0), random };
    const projection = {
      inputDim: dim,
      outputDim: dim,
      weightInitializer: xavierUniform(),
      biasInitializer: constant(0),
      random,
    };
    this.samplingOffsets = new Linear({
      ...predicted,
      outputDim: samples * 2,
      biasInitializer: raysOfPoints(heads, levels, points),
    });
    this.attentionWeights = new Linear({ ...predicted, outputDim: samples, biasInitializer: constant(0) });
    this.value = new Linear(projection);
    this.output = new Linear(projection);
    this.dim = dim;
    this.heads = heads;
    this.levels = levels;
    this.points = points;
  }

  /**
   * Reference points and level shapes are needed here, `memoryPosition` is not used: what is read depends on the query
   * alone.
   *
   * @returns `[B, Q, D]`
   */
  call(inputs: AttentionInputs): Tensor3D {
    const { queries, queryPosition, memory, memoryPaddingMask } = inputs;
    const { referencePoints, levelShapes } = this.#expectOperands(inputs, "MultiScaleDeformableAttention.call");
    return tidy(() => {
      const query = queryPosition === undefined ? queries : add<Tensor3D>(queries, queryPosition);
      const projected = this.value.call(memory);
      const sampled = this.#sample({
        value: memoryPaddingMask === undefined ? projected : zeroRows(projected, memoryPaddingMask),
        offsets: this.samplingOffsets.call(query),
        logits: this.attentionWeights.call(query),
        referencePoints,
        levelShapes,
      });
      return this.output.call(sampled);
    });
  }

  /** Where each query samples each map, and with which weights; see {@link AttendedPlaces}. */
  attendedPlaces(inputs: AttentionInputs): AttendedPlaces {
    const { queries, queryPosition } = inputs;
    const where = this.#expectOperands(inputs, "MultiScaleDeformableAttention.attendedPlaces");
    const places = tidy(() => {
      const query = queryPosition === undefined ? queries : add<Tensor3D>(queries, queryPosition);
      return this.#places({
        offsets: this.samplingOffsets.call(query),
        logits: this.attentionWeights.call(query),
        ...where,
      });
    });
    return { kind: "sampled", ...places };
  }

  /** Checks the inputs; returns those that only an attention which samples needs. */
  #expectOperands(
    { queries, queryPosition, memory, memoryPaddingMask, referencePoints, levelShapes }: AttentionInputs,
    name: string,
  ): Pick<Sampling, "referencePoints" | "levelShapes"> {
    const { B, Q } = expectFloats(queries, `${name}: queries`, ["B", "Q", this.dim]);
    if (queryPosition !== undefined)
      expectFloats(
        queryPosition,
        `${name}: queryPosition`,
        queryPosition.rank === 2 ? [Q, this.dim] : [B, Q, this.dim],
      );
    const { S } = expectFloats(memory, `${name}: memory`, [B, "S", this.dim]);
    if (memoryPaddingMask !== undefined) {
      expectTensor(memoryPaddingMask, `${name}: memoryPaddingMask`, "bool");
      expectShape(memoryPaddingMask.shape, `${name}: memoryPaddingMask`, [B, S]);
    }
    if (referencePoints === undefined || levelShapes === undefined) {
      const missing =
        referencePoints === undefined
          ? "referencePoints [B, Q, L, 2 or 4]"
          : "levelShapes, the sizes of the maps that the memory is made of";
      throw new ShapeError(`${name}: needs ${missing}, to sample the memory`);
    }
    if (levelShapes.length !== this.levels)
      throw new ShapeError(`${name}: levelShapes expected ${this.levels} maps, got ${levelShapes.length}`);
    expectReferencePoints(referencePoints, `${name}: referencePoints`, [B, Q, this.levels]);
    expectLevelShapes(levelShapes, `${name}: memory`, S);
    return { referencePoints: referencePoints as Tensor4D, levelShapes };
  }

  #sample({ value, offsets, logits, referencePoints, levelShapes }: Sampling): Tensor3D {
    const { heads: M, points: P } = this;
    if (hasKernel(deformableSamplingKernel)) {
      registerGradients();
      const attributes: DeformableSamplingAttributes = { heads: M, points: P, levelShapes };
      return runKernel(deformableSamplingKernel, [value, offsets, logits, referencePoints], attributes)[0] as Tensor3D;
    }
    const [B, S, D] = value.shape;
    const { locations, weights } = this.#places({ offsets, logits, referencePoints, levelShapes });
    return multiScaleDeformableAttention({
      value: reshape(value, [B, S, M, D / M]) as Tensor4D,
      levelShapes,
      samplingLocations: locations,
      attentionWeights: weights,
    });
  }

  /** Sampling locations `[B, Q, M, L, P, 2]` and attention weights `[B, Q, M, L, P]`. */
  #places({ offsets, logits, referencePoints, levelShapes }: Omit<Sampling, "value">): {
    locations: Tensor<Rank.R6>;
    weights: Tensor5D;
  } {
    const { heads: M, levels: L, points: P } = this;
    const [B, Q] = offsets.shape;
    return {
      locations: samplingLocations({
        offsets: reshape(offsets, [B, Q, M, L, P, 2]) as Tensor<Rank.R6>,
        referencePoints,
        levelShapes,
      }),
      weights: reshape(softmax(reshape(logits, [B, Q, M, L * P])), [B, Q, M, L, P]) as Tensor5D,
    };
  }
}

/**
 * Initial offsets: each head has a direction of its own, and its points lie 1, 2, ... cells along it, counted along the
 * longer of the two coordinates.
 */
function raysOfPoints(heads: number, levels: number, points: number): Initializer {
  return (): Tensor => {
    const offsets: number[] = [];
    for (let head = 0; head < heads; head++) {
      const angle = (2 * Math.PI * head) / heads;
      const longest = Math.max(Math.abs(Math.cos(angle)), Math.abs(Math.sin(angle)));
      const direction = [Math.cos(angle) / longest, Math.sin(angle) / longest];
      for (let level = 0; level < levels; level++) {
        for (let point = 1; point <= points; point++)
          offsets.push(...direction.map((coordinate) => coordinate * point));
      }
    }
    return tensor1d(offsets);
  };
}
