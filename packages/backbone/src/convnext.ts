import type { Random } from "@detrkit/common";
import { type CallOptions, Conv2d, expectRate, LayerNorm, Module, type PaddedBatch } from "@detrkit/nn";
import { type Tensor4D, tidy } from "@tensorflow/tfjs-core";
import { ConvNeXtBlock, convNeXtEpsilon, convNeXtInitializers } from "./convnext-block.ts";
import type { Backbone, FeatureLevel, FeatureMap } from "./feature-map.ts";
import { expectFour, expectFrozenStages, expectReturnStages } from "./stage-checks.ts";
import { runBlocks, runStages, type StagePart } from "./stage-maps.ts";

/** Which ConvNeXt, as plain data that a checkpoint can store. By default ConvNeXt-T. */
export interface ConvNeXtSettings {
  /** Blocks of each of the four stages. Default `[3, 3, 9, 3]`. */
  readonly blocks?: readonly number[];
  /** Channels of each of the four stages. Default `[96, 192, 384, 768]`. */
  readonly channels?: readonly number[];
  /**
   * Stages whose output is returned, 1 to 4, in ascending order. Default `[4]`. Stages above the highest are not built.
   */
  readonly returnStages?: readonly number[];
  /** How many of stem, stage 1, … stage 4 are not trained, counted from the image. Default 0. */
  readonly frozenStages?: number;
  /**
   * Share of the images for which training leaves the last block out; it rises evenly from 0 in the first. Default 0.1,
   * as published.
   */
  readonly stochasticDepth?: number;
  /** What the scale of a block's result begins at. Default 1e-6, as published. */
  readonly layerScale?: number;
}

/** Settings of a {@link ConvNeXt}. */
export interface ConvNeXtConfig extends ConvNeXtSettings {
  /** Where the initial weights are drawn from. */
  readonly random: Random;
}

/** A layer norm and a convolution that halves the size (or, as the stem, quarters it), in either order. */
class Reduction extends Module {
  readonly convolution: Conv2d;
  readonly norm: LayerNorm;
  readonly #normFirst: boolean;

  constructor(
    inputChannels: number,
    outputChannels: number,
    { stride, normFirst, random }: { readonly stride: number; readonly normFirst: boolean; readonly random: Random },
  ) {
    super();
    const sizes = { inputChannels, outputChannels, kernelSize: stride, stride };
    this.convolution = new Conv2d({ ...sizes, ...convNeXtInitializers(), random });
    this.norm = new LayerNorm({ dim: normFirst ? inputChannels : outputChannels, epsilon: convNeXtEpsilon });
    this.#normFirst = normFirst;
  }

  call(input: Tensor4D): Tensor4D {
    return tidy(() =>
      this.#normFirst ? this.convolution.call(this.norm.call(input)) : this.norm.call(this.convolution.call(input)),
    );
  }
}

/**
 * ConvNeXt (arXiv:2201.03545) as a detection backbone, equal to torchvision's. `B` images, `H W` their padded size; a
 * level has `C` channels and a cell for every stride × stride pixels; pixels beyond the last whole cell are left out.
 */
export class ConvNeXt extends Module implements Backbone {
  readonly stem: Reduction;
  /** What stands before stage 2, 3, …: at index 0 that of stage 2. */
  readonly reductions: readonly Reduction[];
  /** Blocks by stage, stage 1 at index 0. */
  readonly stages: readonly (readonly ConvNeXtBlock[])[];
  readonly levels: readonly FeatureLevel[];
  readonly #returnStages: readonly number[];
  readonly #frozenStages: number;

  constructor(config: ConvNeXtConfig) {
    super();
    const { returnStages = [4], frozenStages = 0, stochasticDepth = 0.1, layerScale = 1e-6, random } = config;
    expectReturnStages("ConvNeXt", returnStages);
    expectFrozenStages("ConvNeXt", frozenStages);
    expectRate(stochasticDepth, "ConvNeXt: stochasticDepth");
    const built = Math.max(...returnStages);
    const blocks = expectFour("ConvNeXt: blocks", config.blocks ?? [3, 3, 9, 3]);
    const channels = expectFour("ConvNeXt: channels", config.channels ?? [96, 192, 384, 768]);
    const channelsOf = (stage: number): number => channels[stage - 1] as number;
    this.stem = new Reduction(3, channelsOf(1), { stride: 4, normFirst: false, random: random.fork("stem") });
    this.reductions = Array.from({ length: built - 1 }, (_, index) => {
      const own = random.fork("reductions", index);
      return new Reduction(channelsOf(index + 1), channelsOf(index + 2), { stride: 2, normFirst: true, random: own });
    });
    const last = blocks.reduce((sum, count) => sum + count, 0) - 1;
    let block = 0;
    this.stages = blocks.slice(0, built).map((count, stage) =>
      Array.from({ length: count }, (_, index) => {
        const share = last === 0 ? 0 : block++ / last;
        return new ConvNeXtBlock({
          channels: channelsOf(stage + 1),
          layerScale,
          stochasticDepth: stochasticDepth * share,
          random: random.fork("stages", stage, index),
        });
      }),
    );
    this.levels = returnStages.map((stage) => ({
      name: `stage${stage}`,
      channels: channelsOf(stage),
      stride: 2 ** (stage + 1),
    }));
    this.#returnStages = returnStages;
    this.#frozenStages = frozenStages;
    const parts: Module[][] = [
      [this.stem],
      ...this.stages.map((stage, index) => [...this.reductions.slice(index - 1, index), ...stage]),
    ];
    for (const part of parts.slice(0, frozenStages)) for (const module of part) module.freeze();
  }

  /**
   * @param batch - images `[B, H, W, 3]` and their sizes, at least as large as the coarsest stride; the padding mask
   *   follows from these and is not read
   * @returns a map for each of `levels`
   */
  call(batch: PaddedBatch, options: CallOptions = {}): FeatureMap[] {
    const parts: StagePart[] = [
      (images) => this.stem.call(images),
      ...this.stages.map(
        (blocks, stage): StagePart =>
          (features, options) =>
            tidy(() => runBlocks(blocks, this.reductions[stage - 1]?.call(features) ?? features, options)),
      ),
    ];
    const stages = { name: "ConvNeXt", parts, frozenStages: this.#frozenStages, returnStages: this.#returnStages };
    return runStages(stages, batch, options);
  }
}
