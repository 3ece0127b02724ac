import type { Random } from "@detrkit/common";
import type { Tensor, Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import type { CallOptions } from "../call-options.ts";
import type { Initializer } from "../initializers.ts";
import { Module } from "../module.ts";
import type { Activation } from "../ops/activation.ts";
import { feedForward } from "../ops/feed-forward.ts";
import { Dropout } from "./dropout.ts";
import { Linear } from "./linear.ts";

/** Sizes of a {@link FeedForward}, and how its weights are initialised. */
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

/**
 * The feed-forward part of a transformer layer, `contract(dropout(activation(expand(input))))`: `[..., D]` to `[...,
 * D]`.
 */
export class FeedForward extends Module {
  readonly expand: Linear;
  readonly contract: Linear;
  readonly #activation: Activation;
  readonly #dropout: Dropout;

  constructor({ dim, hiddenDim, activation = "relu", dropout = 0, weightInitializer, random }: FeedForwardConfig) {
    super();
    const shared = { random, ...(weightInitializer === undefined ? {} : { weightInitializer }) };
    this.expand = new Linear({ inputDim: dim, outputDim: hiddenDim, ...shared });
    this.contract = new Linear({ inputDim: hiddenDim, outputDim: dim, ...shared });
    this.#activation = activation;
    this.#dropout = new Dropout({ rate: dropout });
  }

  call<T extends Tensor>(input: T, options: CallOptions = {}): T {
    const { expand, contract } = this;
    const weights = {
      expand: expand.weight.value as Tensor2D,
      expandBias: expand.bias?.value as Tensor1D,
      contract: contract.weight.value as Tensor2D,
      contractBias: contract.bias?.value as Tensor1D,
    };
    return feedForward(input, weights, { activation: this.#activation, dropout: this.#dropout.active(options) });
  }
}
