import type { Random } from "@detrkit/common";
import { type Tensor, tidy } from "@tensorflow/tfjs-core";
import type { CallOptions } from "../call-options.ts";
import type { Initializer } from "../initializers.ts";
import { Module } from "../module.ts";
import type { Activation } from "../ops/activation.ts";
import { Dropout } from "./dropout.ts";
import { Linear } from "./linear.ts";

export interface FeedForwardConfig {
  /** Width `D` of input and output. */
  readonly dim: number;
  /** Width in between. */
  readonly hiddenDim: number;
  /** Default `relu`. */
  readonly activation?: Activation;
  /** Share of the hidden elements that training sets to 0. Default 0. */
  readonly dropout?: number;
  /** Of both weights. Default PyTorch's for a linear layer. */
  readonly weightInitializer?: Initializer;
  readonly random: Random;
}

/** The feed-forward part of a transformer layer, `contract(dropout(activation(expand(input))))`: `[..., D]` to `[..., D]`. */
export class FeedForward extends Module {
  readonly expand: Linear;
  readonly contract: Linear;
  readonly #dropout: Dropout;

  constructor({ dim, hiddenDim, activation = "relu", dropout = 0, weightInitializer, random }: FeedForwardConfig) {
    super();
    const shared = { random, ...(weightInitializer === undefined ? {} : { weightInitializer }) };
    this.expand = new Linear({ inputDim: dim, outputDim: hiddenDim, activation, ...shared });
    this.contract = new Linear({ inputDim: hiddenDim, outputDim: dim, ...shared });
    this.#dropout = new Dropout({ rate: dropout });
  }

  call<T extends Tensor>(input: T, options: CallOptions = {}): T {
    return tidy(() => this.contract.call(this.expand.call(input, this.#dropout.active(options))));
  }
}
