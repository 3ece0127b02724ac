import { ones, type Tensor, type Tensor1D, zeros } from "@tensorflow/tfjs-core";
import { Module } from "../module.ts";
import { layerNorm } from "../ops/layer-norm.ts";
import { Parameter } from "../parameter.ts";

/** Sizes of a {@link LayerNorm}. */
export interface LayerNormConfig {
  /** Width `D`. */
  readonly dim: number;
  /** Added to the variance. Default 1e-5. */
  readonly epsilon?: number;
}

/** Layer norm over the last axis: `[..., D]` to `[..., D]`. */
export class LayerNorm extends Module {
  /** `[D]` */
  readonly weight: Parameter;
  /** `[D]` */
  readonly bias: Parameter;
  readonly epsilon: number;

  constructor({ dim, epsilon = 1e-5 }: LayerNormConfig) {
    super();
    this.weight = new Parameter(ones([dim]));
    this.bias = new Parameter(zeros([dim]));
    this.epsilon = epsilon;
  }

  /** @param residual - of the input's shape, added to it before normalising */
  call<T extends Tensor>(input: T, residual?: T): T {
    return layerNorm(input, this.weight.value as Tensor1D, this.bias.value as Tensor1D, this.epsilon, residual);
  }
}
