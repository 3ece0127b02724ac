import { ConfigError } from "@detrkit/common";
import { ones, type Tensor1D, type Tensor4D, zeros } from "@tensorflow/tfjs-core";
import { divides } from "../expect-number.ts";
import { Module } from "../module.ts";
import { groupNorm } from "../ops/group-norm.ts";
import { Parameter } from "../parameter.ts";

/** Sizes of a {@link GroupNorm}. */
export interface GroupNormConfig {
  /** Number of groups that the channels are split into. */
  readonly groups: number;
  readonly channels: number;
  /** Added to the variance. Default 1e-5. */
  readonly epsilon?: number;
  /** Applied at the end. Default none. */
  readonly activation?: "relu";
}

/** Group norm: `[B, H, W, C]` to `[B, H, W, C]`. */
export class GroupNorm extends Module {
  /** `[C]` */
  readonly weight: Parameter;
  /** `[C]` */
  readonly bias: Parameter;
  readonly groups: number;
  readonly epsilon: number;
  readonly #activation: "relu" | undefined;

  constructor({ groups, channels, epsilon = 1e-5, activation }: GroupNormConfig) {
    super();
    if (!divides(groups, channels))
      throw new ConfigError(`GroupNorm: ${groups} groups do not divide ${channels} channels`);
    this.weight = new Parameter(ones([channels]));
    this.bias = new Parameter(zeros([channels]));
    this.groups = groups;
    this.epsilon = epsilon;
    this.#activation = activation;
  }

  /** @param residual - of the input's shape, added before the activation */
  call(input: Tensor4D, residual?: Tensor4D): Tensor4D {
    const { groups, epsilon } = this;
    const options = { groups, epsilon, activation: this.#activation, residual };
    return groupNorm(input, this.weight.value as Tensor1D, this.bias.value as Tensor1D, options);
  }
}
