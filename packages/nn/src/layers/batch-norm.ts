import { ShapeError } from "@detrkit/common";
import { add, mul, ones, reshape, rsqrt, sub, type Tensor, tidy, zeros } from "@tensorflow/tfjs-core";
import type { CallOptions } from "../call-options.ts";
import { expectLastAxis } from "../expect-tensor.ts";
import { Module } from "../module.ts";
import { normalize, type Statistics } from "../ops/normalize.ts";
import { Parameter } from "../parameter.ts";

/** Sizes of a {@link BatchNorm}, and how it keeps its running statistics. */
export interface BatchNormConfig {
  readonly channels: number;
  /** Added to the variance. Default 1e-5. */
  readonly epsilon?: number;
  /** Weight of the batch's statistics in the update of the running ones, as in PyTorch. Default 0.1. */
  readonly momentum?: number;
}

/**
 * Batch norm over all axes but the last: `[..., C]` to `[..., C]`. With `training` it normalises by the batch's own
 * statistics and moves the running ones towards them; without, by the running ones. An empty batch can't be trained on,
 * because it has no statistics.
 */
export class BatchNorm extends Module {
  /** Each `[C]`; the running ones are buffers. */
  readonly weight: Parameter;
  readonly bias: Parameter;
  readonly runningMean: Parameter;
  readonly runningVariance: Parameter;
  readonly epsilon: number;
  readonly momentum: number;

  constructor({ channels, epsilon = 1e-5, momentum = 0.1 }: BatchNormConfig) {
    super();
    this.weight = new Parameter(ones([channels]));
    this.bias = new Parameter(zeros([channels]));
    this.runningMean = new Parameter(zeros([channels]), { kind: "buffer" });
    this.runningVariance = new Parameter(ones([channels]), { kind: "buffer" });
    this.epsilon = epsilon;
    this.momentum = momentum;
  }

  call<T extends Tensor>(input: T, options: CallOptions = {}): T {
    const { weight, bias, runningMean, runningVariance, epsilon } = this;
    expectLastAxis(input, "BatchNorm.call: input", weight.size);
    if (options.training === true && input.size === 0) {
      throw new ShapeError(
        `BatchNorm.call: input [${input.shape.join(", ")}] is empty and has no statistics; train on at least one`,
      );
    }
    return tidy(() => {
      if (options.training === true) {
        const axes = Array.from({ length: input.rank - 1 }, (_, axis) => axis);
        const count = input.size / weight.size;
        const normalised = normalize(input, axes, epsilon, (statistics) => this.#update(statistics, count));
        return add(mul(normalised, weight.value), bias.value);
      }
      const scale = mul(weight.value, rsqrt(add(runningVariance.value, epsilon)));
      return add(mul(input, scale), sub(bias.value, mul(runningMean.value, scale)));
    });
  }

  /**
   * The running variance is updated with the unbiased estimate, although the batch is normalised by the biased one, as
   * in PyTorch.
   */
  #update({ mean, variance }: Statistics, count: number): void {
    const { momentum, runningMean, runningVariance } = this;
    const moved = (running: Parameter, batch: Tensor, share: number): Tensor =>
      add(mul(running.value, 1 - momentum), mul(reshape(batch, running.value.shape), share));
    runningMean.assign(moved(runningMean, mean, momentum));
    runningVariance.assign(moved(runningVariance, variance, (momentum * count) / Math.max(1, count - 1)));
  }
}
