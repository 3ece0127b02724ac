import type { Random } from "@detrkit/common";
import { gather, type Tensor, type Tensor1D } from "@tensorflow/tfjs-core";
import { expectTensor } from "../expect-tensor.ts";
import { type Initializer, normal } from "../initializers.ts";
import { Module } from "../module.ts";
import { Parameter } from "../parameter.ts";

/** Sizes of an {@link Embedding}, and how its rows are initialised. */
export interface EmbeddingConfig {
  /** Number of rows. */
  readonly count: number;
  /** Width `D` of a row. */
  readonly dim: number;
  /** Default standard normal. */
  readonly weightInitializer?: Initializer;
  readonly random: Random;
}

/** A table of learned vectors: indices `[...]` (int32) to `[..., D]`. */
export class Embedding extends Module {
  /** `[count, D]` */
  readonly weight: Parameter;

  constructor({ count, dim, weightInitializer = normal(), random }: EmbeddingConfig) {
    super();
    this.weight = new Parameter(weightInitializer({ shape: [count, dim], fanIn: dim, fanOut: count, random }));
  }

  /** @param indices - int32, each below the number of rows */
  call(indices: Tensor): Tensor {
    expectTensor(indices, "Embedding.call: indices", "int32");
    return gather(this.weight.value, indices as Tensor1D);
  }
}
