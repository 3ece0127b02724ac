import { ConfigError, type Random } from "@detrkit/common";
import { mean, type Tensor1D, type Tensor2D, type Tensor3D, tidy } from "@tensorflow/tfjs-core";
import type { CallOptions } from "../call-options.ts";
import { divides } from "../expect-number.ts";
import { constant, type Initializer, inverseRootFanIn, xavierUniform } from "../initializers.ts";
import { Module } from "../module.ts";
import { weightedValues } from "../ops/attention.ts";
import { attentionWeights } from "../ops/attention-weights.ts";
import {
  type AttentionProjection,
  type AttentionProjections,
  expectOperands,
  multiHeadAttention,
  type MultiHeadAttentionInputs,
  projectOperands,
} from "../ops/multi-head-attention.ts";
import { Dropout } from "./dropout.ts";
import { Linear } from "./linear.ts";

/** Sizes of a {@link MultiHeadAttention}, and how its output projection is initialised. */
export interface MultiHeadAttentionConfig {
  /** Width `D` of queries, keys, values and output. */
  readonly dim: number;
  /** Number of heads, a divisor of `dim`. */
  readonly heads: number;
  /** Share of the attention weights that training sets to 0. Default 0. */
  readonly dropout?: number;
  /** Weight of the output projection. Default uniform within `1 / sqrt(dim)`, as PyTorch's module has it. */
  readonly outputInitializer?: Initializer;
  readonly random: Random;
}

/** What {@link MultiHeadAttention.callWithWeights} returns. */
export interface WeightedAttention {
  /** `[B, Q, D]` */
  readonly output: Tensor3D;
  /** Attention weights after dropout, averaged over the heads: `[B, Q, S]`. */
  readonly weights: Tensor3D;
}

/** PyTorch draws the three input projections as one `[3 D, D]` matrix. */
const packedXavier: Initializer = (context) => xavierUniform()({ ...context, fanOut: 3 * context.fanOut });

/**
 * Multi-head attention between projected queries, keys and values, and a projection of the result. Fastest when the
 * values are the keys.
 */
export class MultiHeadAttention extends Module {
  readonly query: Linear;
  readonly key: Linear;
  readonly value: Linear;
  readonly output: Linear;
  readonly heads: number;
  readonly #dropout: Dropout;

  constructor(config: MultiHeadAttentionConfig) {
    super();
    const { dim, heads, random, outputInitializer = inverseRootFanIn() } = config;
    if (!divides(heads, dim))
      throw new ConfigError(`MultiHeadAttention: ${heads} heads do not divide a width of ${dim}`);
    const projection = { inputDim: dim, outputDim: dim, biasInitializer: constant(0), random };
    this.query = new Linear({ ...projection, weightInitializer: packedXavier });
    this.key = new Linear({ ...projection, weightInitializer: packedXavier });
    this.value = new Linear({ ...projection, weightInitializer: packedXavier });
    this.output = new Linear({ ...projection, weightInitializer: outputInitializer });
    this.heads = heads;
    this.#dropout = new Dropout({ rate: config.dropout ?? 0 });
  }

  /** @returns `[B, Q, D]` */
  call(inputs: MultiHeadAttentionInputs, options: CallOptions = {}): Tensor3D {
    return multiHeadAttention(inputs, this.#projections(), {
      heads: this.heads,
      dropout: this.#dropout.active(options),
    });
  }

  /** {@link call}, with the weights by which it averaged. Slower: the weights have to be kept. */
  callWithWeights(inputs: MultiHeadAttentionInputs, options: CallOptions = {}): WeightedAttention {
    return tidy(() => {
      const { keyPaddingMask, attentionMask } = inputs;
      const projections = this.#projections();
      expectOperands(inputs, projections, this.heads);
      const { query, key, value } = projectOperands(inputs, projections);
      const weights = this.#dropout.call(
        attentionWeights({ query, key, heads: this.heads, keyPaddingMask, attentionMask }),
        options,
      );
      return {
        output: this.output.call(weightedValues(weights, value, this.heads)),
        weights: mean<Tensor3D>(weights, 1),
      };
    });
  }

  #projections(): AttentionProjections {
    const { query, key, value, output } = this;
    return { query: tensorsOf(query), key: tensorsOf(key), value: tensorsOf(value), output: tensorsOf(output) };
  }
}

function tensorsOf({ weight, bias }: Linear): AttentionProjection {
  return { weight: weight.value as Tensor2D, bias: bias?.value as Tensor1D };
}
