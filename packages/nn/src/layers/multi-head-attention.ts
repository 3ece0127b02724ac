import { ConfigError, type Random } from "@detrkit/common";
import { mean, type Tensor2D, type Tensor3D, tidy } from "@tensorflow/tfjs-core";
import type { CallOptions } from "../call-options.ts";
import { constant, type Initializer, inverseRootFanIn, xavierUniform } from "../initializers.ts";
import { Module } from "../module.ts";
import { attention, weightedValues } from "../ops/attention.ts";
import { attentionWeights } from "../ops/attention-weights.ts";
import { dropout } from "../ops/dropout.ts";
import { Linear } from "./linear.ts";

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

/** What attends to what. `B` images, `Q` queries, `S` keys, `D` width. */
export interface MultiHeadAttentionInputs {
  /** `[B, Q, D]` */
  readonly query: Tensor3D;
  /** `[B, S, D]` */
  readonly key: Tensor3D;
  /** `[B, S, D]` */
  readonly value: Tensor3D;
  /** Boolean `[B, S]`, true on keys that are padding. */
  readonly keyPadding?: Tensor2D | undefined;
  /** `[Q, S]`: boolean, true where the query must not see the key; or floats that are added to the scores. */
  readonly attentionMask?: Tensor2D | undefined;
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

/** Multi-head attention between projected queries, keys and values, and a projection of the result. */
export class MultiHeadAttention extends Module {
  readonly query: Linear;
  readonly key: Linear;
  readonly value: Linear;
  readonly output: Linear;
  readonly heads: number;
  readonly dropoutRate: number;

  constructor(config: MultiHeadAttentionConfig) {
    super();
    const { dim, heads, random, outputInitializer = inverseRootFanIn() } = config;
    if (dim % heads !== 0) throw new ConfigError(`MultiHeadAttention: ${heads} heads do not divide a width of ${dim}`);
    const projection = { inputDim: dim, outputDim: dim, biasInitializer: constant(0), random };
    this.query = new Linear({ ...projection, weightInitializer: packedXavier });
    this.key = new Linear({ ...projection, weightInitializer: packedXavier });
    this.value = new Linear({ ...projection, weightInitializer: packedXavier });
    this.output = new Linear({ ...projection, weightInitializer: outputInitializer });
    this.heads = heads;
    this.dropoutRate = config.dropout ?? 0;
  }

  /** @returns `[B, Q, D]` */
  call(inputs: MultiHeadAttentionInputs, options: CallOptions = {}): Tensor3D {
    return tidy(() => {
      const operands = { ...inputs, ...this.#projected(inputs), heads: this.heads };
      return this.output.call(attention({ ...operands, ...this.#dropout(options) }));
    });
  }

  /** {@link call}, with the weights by which it averaged. Slower: the weights have to be kept. */
  callWithWeights(inputs: MultiHeadAttentionInputs, options: CallOptions = {}): WeightedAttention {
    return tidy(() => {
      const operands = { ...inputs, ...this.#projected(inputs), heads: this.heads };
      const { dropoutRate, random } = this.#dropout(options);
      const weights = attentionWeights(operands);
      const kept = random === undefined ? weights : dropout(weights, dropoutRate, random);
      return { output: this.output.call(weightedValues(kept, operands.value, this.heads)), weights: mean<Tensor3D>(kept, 1) };
    });
  }

  #projected({ query, key, value }: MultiHeadAttentionInputs): { query: Tensor3D; key: Tensor3D; value: Tensor3D } {
    return { query: this.query.call(query), key: this.key.call(key), value: this.value.call(value) };
  }

  #dropout({ training, random }: CallOptions): { dropoutRate: number; random: Random | undefined } {
    if (training !== true || this.dropoutRate === 0) return { dropoutRate: 0, random: undefined };
    if (random === undefined) {
      throw new ConfigError("MultiHeadAttention: training with dropout needs something to draw from; pass { training: true, random: new Random(seed) }");
    }
    return { dropoutRate: this.dropoutRate, random };
  }
}
