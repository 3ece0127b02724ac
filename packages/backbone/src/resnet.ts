import type { Random } from "@detrkit/common";
import { type CallOptions, MaxPool2d, Module, type PaddedBatch } from "@detrkit/nn";
import type { ConvolutionNorm, NormKind } from "./convolution-norm.ts";
import type { Backbone, FeatureLevel, FeatureMap } from "./feature-map.ts";
import { ResidualBlock } from "./residual-block.ts";
import { planResNet, type ResNetShape } from "./resnet-plan.ts";
import { expectFrozenStages } from "./stage-checks.ts";
import { runBlocks, runStages, type StagePart } from "./stage-maps.ts";
import { createStem, type StemKind } from "./stem.ts";

/** Which ResNet, as plain data that a checkpoint can store. */
export interface ResNetSettings extends ResNetShape {
  /**
   * How many of stem, stage 1, … stage 4 are not trained, counted from the image. Default 2 (stem and stage 1), as
   * published; 0 trains all, 5 none.
   */
  readonly frozenStages?: number;
  /** Default `"frozen-batch"`, as published. */
  readonly norm?: NormKind;
  /** Default `"7x7pool"`, as published. */
  readonly stem?: StemKind;
}

export interface ResNetConfig extends ResNetSettings {
  /** Where the initial weights are drawn from. */
  readonly random: Random;
}

/**
 * ResNet v1.5 (arXiv:1512.03385, with the stride of a bottleneck on its 3×3 convolution) as a detection backbone.
 * `B` images, `H W` their padded size; a level has `C` channels and a cell for every stride × stride pixels.
 */
export class ResNet extends Module implements Backbone {
  readonly stem: ConvolutionNorm;
  /** Residual blocks by stage, stage 1 at index 0. */
  readonly stages: readonly (readonly ResidualBlock[])[];
  readonly levels: readonly FeatureLevel[];
  readonly #pool = new MaxPool2d({ kernelSize: 3, stride: 2, padding: 1 });
  readonly #returnStages: readonly number[];
  readonly #frozenStages: number;

  constructor(config: ResNetConfig) {
    super();
    const { norm = "frozen-batch", stem = "7x7pool", frozenStages = 2, random } = config;
    expectFrozenStages("ResNet", frozenStages);
    const { stemChannels, stages, returnStages } = planResNet(config);
    this.stem = createStem({ kind: stem, channels: stemChannels, norm, random: random.fork("stem") });
    this.stages = stages.map(({ blocks }, stage) =>
      blocks.map((shape, index) => new ResidualBlock({ ...shape, norm, random: random.fork("stages", stage, index) })),
    );
    this.levels = returnStages.map((stage) => (stages[stage - 1] as (typeof stages)[number]).level);
    this.#returnStages = returnStages;
    this.#frozenStages = frozenStages;
    for (const part of [[this.stem], ...this.stages].slice(0, frozenStages)) for (const module of part) module.freeze();
  }

  /**
   * @param batch - images `[B, H, W, 3]` and their sizes; the padding mask follows from these and is not read
   * @returns a map for each of `levels`
   */
  call(batch: PaddedBatch, options: CallOptions = {}): FeatureMap[] {
    const parts: StagePart[] = [
      (images, options) => this.#pool.call(this.stem.call(images, { ...options, activation: "relu" })),
      ...this.stages.map(
        (blocks): StagePart =>
          (features, options) =>
            runBlocks(blocks, features, options),
      ),
    ];
    const stages = { name: "ResNet", parts, frozenStages: this.#frozenStages, returnStages: this.#returnStages };
    return runStages(stages, batch, options);
  }
}
