import { ConfigError, type Random } from "@detrkit/common";
import { constant, expectFloats, Linear, Module, xavierUniform } from "@detrkit/nn";
import {
  add,
  matMul,
  mul,
  reshape,
  softmax,
  type Tensor1D,
  type Tensor2D,
  type Tensor3D,
  type Tensor4D,
  tidy,
  transpose,
} from "@tensorflow/tfjs-core";

/** Sizes of an {@link AttentionMap}. */
export interface AttentionMapConfig {
  /** Width `D` of queries and memory. */
  readonly dim: number;
  /** Number of heads `M`, a divisor of `dim`. */
  readonly heads: number;
  readonly random: Random;
}

/** Stands for minus infinity: its exponential is 0. */
const masked = -1e30;

/**
 * Where each query looks in a map, as an attention without values: one softmax over all heads and cells together, so
 * that heads compete too. `N` queries of one image, `M` heads, `h w` cells of the map, `D` width.
 */
export class AttentionMap extends Module {
  readonly query: Linear;
  readonly key: Linear;
  readonly heads: number;

  constructor({ dim, heads, random }: AttentionMapConfig) {
    super();
    if (heads < 1 || dim % heads !== 0)
      throw new ConfigError(`AttentionMap: ${heads} heads do not divide a width of ${dim}; choose a divisor of it`);
    const layer = (name: string): Linear =>
      new Linear({
        inputDim: dim,
        outputDim: dim,
        weightInitializer: xavierUniform(),
        biasInitializer: constant(0),
        random: random.fork(name),
      });
    this.query = layer("query");
    this.key = layer("key");
    this.heads = heads;
  }

  /**
   * The keys of a map, which all queries share.
   *
   * @param memory - `[B, h, w, D]`
   * @returns `[B, h, w, D]`
   */
  keys(memory: Tensor4D): Tensor4D {
    return this.key.call(memory);
  }

  /**
   * The maps of one image's queries.
   *
   * @param queries - `[N, D]`
   * @param keys - of the image, as {@link AttentionMap.keys} gives them `[h, w, D]`
   * @param padding - `[h, w]`, 1 on padding and 0 elsewhere; nobody looks at padding
   * @returns `[N, h, w, M]`, of which each query's add up to 1
   */
  call(queries: Tensor2D, keys: Tensor3D, padding?: Tensor2D): Tensor4D {
    const { N, D } = expectFloats(queries, "AttentionMap.call: queries", ["N", "D"]);
    const { h, w } = expectFloats(keys, "AttentionMap.call: keys", ["h", "w", D]);
    if (padding !== undefined) expectFloats(padding, "AttentionMap.call: padding", [h, w]);
    const { heads } = this;
    const S = h * w;
    const width = D / heads;
    return tidy(() => {
      const scaled = mul<Tensor2D>(this.query.call(queries), 1 / Math.sqrt(width));
      const ofQueries: Tensor3D = transpose(reshape(scaled, [N, heads, width]), [1, 0, 2]); // [M, N, D/M]
      const ofKeys: Tensor3D = transpose(reshape(keys, [S, heads, width]), [1, 0, 2]); // [M, S, D/M]
      let scores: Tensor3D = transpose(matMul(ofQueries, ofKeys, false, true), [1, 0, 2]); // [N, M, S]
      if (padding !== undefined) scores = add(scores, mul(reshape(padding, [S]) as Tensor1D, masked));
      const weights = reshape(softmax(reshape(scores, [N, heads * S])), [N, heads, S]) as Tensor3D;
      return reshape(transpose(weights, [0, 2, 1]), [N, h, w, heads]);
    });
  }
}
