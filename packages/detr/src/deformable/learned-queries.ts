import type { Random } from "@detrkit/common";
import { constant, Embedding, Linear, Module, xavierUniform } from "@detrkit/nn";
import { add, split, type Tensor2D, type Tensor3D, tidy, zeros } from "@tensorflow/tfjs-core";
import type { StartingQueries } from "./starting-queries.ts";

export interface QueriesConfig {
  /** Width `D`. */
  readonly dim: number;
  readonly numQueries: number;
  readonly random: Random;
}

/** Queries that are the same for all images: learned contents, and learned positions that say where to look. */
export class LearnedQueries extends Module {
  /** `[Q, 2D]`: positions, then contents. */
  readonly queryEmbedding: Embedding;
  readonly referencePoints: Linear;

  constructor({ dim, numQueries, random }: QueriesConfig) {
    super();
    this.queryEmbedding = new Embedding({ count: numQueries, dim: 2 * dim, random: random.fork("queryEmbedding") });
    const initializers = { weightInitializer: xavierUniform(), biasInitializer: constant(0) };
    this.referencePoints = new Linear({
      inputDim: dim,
      outputDim: 2,
      ...initializers,
      random: random.fork("referencePoints"),
    });
  }

  /** @param images - how many, `B` */
  call(images: number): StartingQueries {
    return tidy(() => {
      const embedding = this.queryEmbedding.weight.value as Tensor2D;
      // Repeated for each image here, and not where it is used, which is twice in each layer; by an addition, since the
      // gradient of repeating is many small ops.
      const repeated: Tensor3D = add(zeros([images, ...embedding.shape]), embedding);
      const [position, queries] = split(repeated, 2, 2) as [Tensor3D, Tensor3D];
      return { queries, position, reference: this.referencePoints.call(position) };
    });
  }
}
