import {
  add,
  dispose,
  keep,
  mul,
  ones,
  rsqrt,
  sub,
  type Tensor,
  type Tensor1D,
  tidy,
  zeros,
} from "@tensorflow/tfjs-core";
import { expectLastAxis } from "../expect-tensor.ts";
import { Module } from "../module.ts";
import { Parameter } from "../parameter.ts";

/** Sizes of a {@link FrozenBatchNorm}. */
export interface FrozenBatchNormConfig {
  readonly channels: number;
  /** Added to the variance. Default 1e-5. */
  readonly epsilon?: number;
}

/** A frozen batch norm written as `input * scale + shift`. */
export interface ScaleAndShift {
  /** `[C]` */
  readonly scale: Tensor1D;
  /** `[C]` */
  readonly shift: Tensor1D;
}

/** Batch norm with fixed statistics and fixed affine parameters, all of them buffers: `[..., C]` to `[..., C]`. */
export class FrozenBatchNorm extends Module {
  /** Each `[C]`. */
  readonly weight: Parameter;
  readonly bias: Parameter;
  readonly runningMean: Parameter;
  readonly runningVariance: Parameter;
  readonly epsilon: number;
  #cache: (ScaleAndShift & { readonly versions: string }) | undefined;

  constructor({ channels, epsilon = 1e-5 }: FrozenBatchNormConfig) {
    super();
    this.weight = new Parameter(ones([channels]), { kind: "buffer" });
    this.bias = new Parameter(zeros([channels]), { kind: "buffer" });
    this.runningMean = new Parameter(zeros([channels]), { kind: "buffer" });
    this.runningVariance = new Parameter(ones([channels]), { kind: "buffer" });
    this.epsilon = epsilon;
  }

  call<T extends Tensor>(input: T): T {
    expectLastAxis(input, "FrozenBatchNorm.call: input", this.weight.size);
    const { scale, shift } = this.scaleAndShift();
    return tidy(() => add(mul(input, scale), shift));
  }

  /** Two vectors that a convolution before this norm can fold into its filter and bias. The module owns them. */
  scaleAndShift(): ScaleAndShift {
    const buffers = [this.weight, this.bias, this.runningMean, this.runningVariance];
    const versions = buffers.map(({ version }) => version).join();
    if (this.#cache?.versions === versions) return this.#cache;
    this.disposeCaches();
    const [weight, bias, mean, variance] = buffers.map(({ value }) => value) as unknown as [
      Tensor1D,
      Tensor1D,
      Tensor1D,
      Tensor1D,
    ];
    this.#cache = tidy(() => {
      const scale = keep(mul<Tensor1D>(weight, rsqrt(add(variance, this.epsilon))));
      return { scale, shift: keep(sub<Tensor1D>(bias, mul(mean, scale))), versions };
    });
    return this.#cache;
  }

  override disposeCaches(): void {
    if (this.#cache !== undefined) dispose([this.#cache.scale, this.#cache.shift]);
    this.#cache = undefined;
  }
}
