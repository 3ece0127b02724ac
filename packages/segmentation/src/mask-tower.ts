import type { Random } from "@detrkit/common";
import { constant, Conv2d, convolution, expectFloats, GroupNorm, kaimingUniform, Module } from "@detrkit/nn";
import {
  add,
  dispose,
  image,
  reshape,
  slice,
  type Tensor1D,
  type Tensor3D,
  type Tensor4D,
  tidy,
} from "@tensorflow/tfjs-core";
import { completeSizes, type MaskHeadSizes, towerChannels, towerGroups } from "./mask-head-sizes.ts";

/** Sizes of a {@link MaskTower}, and where its initial weights are drawn from. */
export interface MaskTowerConfig extends MaskHeadSizes {
  readonly random: Random;
}

/** A convolution of 3×3 and a group norm, which is over each query's map alone. */
export class TowerBlock extends Module {
  readonly convolution: Conv2d;
  readonly norm: GroupNorm;

  constructor(inputChannels: number, outputChannels: number, random: Random) {
    super();
    this.convolution = towerConvolution(inputChannels, outputChannels, 3, random);
    this.norm = new GroupNorm({ groups: towerGroups, channels: outputChannels, activation: "relu" });
  }

  call(input: Tensor4D): Tensor4D {
    return tidy(() => this.norm.call(this.convolution.call(input)));
  }
}

/**
 * Turns where a query looks into its mask: from the coarsest map up through finer ones, each brought to the tower's
 * channels (an adapter) and added. `N` queries of one image, `D` width of the map, `M` heads, `h w` the map's cells,
 * `h' w'` those of the finest map.
 */
export class MaskTower extends Module {
  /** Two at the coarsest map, then one after each finer map. */
  readonly blocks: readonly TowerBlock[];
  readonly adapters: readonly Conv2d[];
  readonly output: Conv2d;
  readonly dim: number;

  constructor(config: MaskTowerConfig) {
    super();
    const { random } = config;
    const sizes = completeSizes(config);
    const { dim, heads, finerChannels } = sizes;
    const channels = towerChannels(sizes);
    const [first = 0] = channels;
    this.dim = dim;
    this.blocks = channels.map(
      (outputChannels, block) =>
        new TowerBlock(
          block === 0 ? dim + heads : (channels[block - 1] ?? first),
          outputChannels,
          random.fork("blocks", block),
        ),
    );
    this.adapters = finerChannels.map((inputChannels, step) =>
      towerConvolution(inputChannels, channels[step + 1] ?? first, 1, random.fork("adapters", step)),
    );
    this.output = towerConvolution(channels.at(-1) ?? first, 1, 3, random.fork("output"));
  }

  /**
   * Brings the finer maps to the tower's channels; all queries share the result.
   *
   * @param finer - from coarse to fine, each `[B, H, W, channels]`
   */
  adapt(finer: readonly Tensor4D[]): Tensor4D[] {
    return this.adapters.map((adapter, step) => adapter.call(finer[step] as Tensor4D));
  }

  /**
   * The part of the first convolution that all queries of an image share.
   *
   * @param map - `[1, h, w, D]`
   * @returns `[1, h, w, D + M]`
   */
  shared(map: Tensor4D): Tensor4D {
    expectFloats(map, "MaskTower.shared: map", [1, "h", "w", this.dim]);
    return tidy(() => convolution(map, this.#filterOf("map"), { strides: 1, padding: 1, dilation: 1 }));
  }

  /**
   * @param shared - of {@link MaskTower.shared}
   * @param attention - where the queries look `[N, h, w, M]`
   * @param adapted - of {@link MaskTower.adapt}, of this image: `[1, H, W, channels]` each
   * @returns mask logits `[N, h', w']`
   */
  call(shared: Tensor4D, attention: Tensor4D, adapted: readonly Tensor4D[]): Tensor3D {
    const [first, second, ...steps] = this.blocks as [TowerBlock, TowerBlock, ...TowerBlock[]];
    const bias = first.convolution.bias?.value as Tensor1D;
    const start = tidy(() => {
      const own = convolution(attention, this.#filterOf("attention"), { bias, strides: 1, padding: 1, dilation: 1 });
      return second.call(first.norm.call(add(own, shared)));
    });
    const features = steps.reduce((coarse, block, step) => {
      const map = adapted[step] as Tensor4D;
      const [, height, width] = map.shape;
      // Queries are many, maps are shared: added by broadcasting, never repeated for each query.
      const fine = tidy(() => block.call(add(image.resizeNearestNeighbor(coarse, [height, width]), map)));
      dispose(coarse);
      return fine;
    }, start);
    const [N, height, width] = features.shape;
    const masks: Tensor3D = tidy(() => reshape(this.output.call(features), [N, height, width]));
    dispose(features);
    return masks;
  }

  /** The rows of the first filter that meet the map, or those that meet the attention: `[3, 3, D or M, D + M]`. */
  #filterOf(input: "map" | "attention"): Tensor4D {
    const [
      {
        convolution: { weight },
      },
    ] = this.blocks as [TowerBlock, ...TowerBlock[]];
    const [height, width, inputs, outputs] = weight.shape as [number, number, number, number];
    const [begin, size] = input === "map" ? [0, this.dim] : [this.dim, inputs - this.dim];
    return slice(weight.value as Tensor4D, [0, 0, begin, 0], [height, width, size, outputs]);
  }
}

function towerConvolution(inputChannels: number, outputChannels: number, kernelSize: 1 | 3, random: Random): Conv2d {
  return new Conv2d({
    inputChannels,
    outputChannels,
    kernelSize,
    padding: kernelSize === 3 ? 1 : 0,
    weightInitializer: kaimingUniform({ gain: 1 }),
    biasInitializer: constant(0),
    random,
  });
}
