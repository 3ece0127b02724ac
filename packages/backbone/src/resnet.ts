import { ConfigError, type Random } from "@detrkit/common";
import { type CallOptions, expectShape, MaxPool2d, Module, type PaddedBatch } from "@detrkit/nn";
import { dispose, type Tensor, type Tensor4D, tidy } from "@tensorflow/tfjs-core";
import type { ConvolutionNorm, NormKind } from "./convolution-norm.ts";
import type { Backbone, FeatureLevel, FeatureMap } from "./feature-map.ts";
import { ResidualBlock } from "./residual-block.ts";
import { planResNet, type ResNetShape } from "./resnet-plan.ts";
import { shrinkPaddingMask } from "./shrink-padding-mask.ts";
import { createStem, type StemKind } from "./stem.ts";
import { withoutRecording } from "./without-recording.ts";

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

type Part = (features: Tensor4D, options: CallOptions) => Tensor4D;

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
    if (!Number.isInteger(frozenStages) || frozenStages < 0 || frozenStages > 5) {
      throw new ConfigError(`ResNet: frozenStages expected 0 (train all) to 5 (train none), got ${frozenStages}`);
    }
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
    const { B, H, W } = expectShape(batch.images.shape, "ResNet.call: images", ["B", "H", "W", 3]);
    expectShape([batch.sizes.length], "ResNet.call: sizes", [B]);
    const parts: Part[] = [
      (images, options) => this.#pool.call(this.stem.call(images, { ...options, activation: "relu" })),
      ...this.stages.map(
        (blocks): Part =>
          (features, options) =>
            runBlocks(blocks, features, options),
      ),
    ];
    const maps: FeatureMap[] = [];
    tidy(() => {
      let features = batch.images;
      parts.forEach((part, stage) => {
        const input = features;
        // Frozen parts always run as in inference, so that the statistics of their batch norms stay constant too.
        features =
          stage < this.#frozenStages
            ? withoutRecording((frozen) => part(frozen, { ...options, training: false }), input)
            : part(input, options);
        if (stage > 0 && !this.#returnStages.includes(stage - 1)) dispose(input);
        if (!this.#returnStages.includes(stage)) return;
        const [, height, width] = features.shape;
        maps.push({ features, ...shrinkPaddingMask(batch.sizes, { height: H, width: W }, { height, width }) });
      });
      // `tidy` is typed for tensors only: it gets the tensors, and the maps are kept outside.
      return maps.flatMap(({ features, paddingMask }): Tensor[] => [features, paddingMask]);
    });
    return maps;
  }
}

/** Frees each block's output as soon as the next block has used it: these are the network's largest tensors. */
function runBlocks(blocks: readonly ResidualBlock[], input: Tensor4D, options: CallOptions): Tensor4D {
  let features = input;
  for (const block of blocks) {
    const output = block.call(features, options);
    if (features !== input) dispose(features);
    features = output;
  }
  return features;
}
