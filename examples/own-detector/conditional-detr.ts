// Conditional DETR (Meng and others, arXiv:2108.06152): a detector that detrkit does not have, made of its blocks.
//
// detrkit train --detector module:examples/own-detector/conditional-detr.ts --data shapes:count=1200 --output runs/own
import { type Backbone, type FeatureLevel, type FeatureMap, ResNet } from "@detrkit/backbone";
import type { Random } from "@detrkit/common";
import {
  backboneSettings,
  commonTransformerSettings,
  createBoxHeads,
  createClassHeads,
  type DetectionModel,
  type DetrCallOptions,
  type LayerPrediction,
  type DetrOutput,
  type ImageDetections,
  LearnedQueries,
  outputOfLayers,
  postProcessTopK,
  predictWithSharedHeads,
  sineOfCoordinates,
  type StartingQueries,
} from "@detrkit/detr";
import {
  attentionWeights,
  type CallOptions,
  Conv2d,
  Dropout,
  FeedForward,
  type ImageSize,
  LayerNorm,
  Linear,
  Mlp,
  Module,
  type MultiHeadAttentionConfig,
  type PaddedBatch,
  tidyRecord,
  weightedValues,
  xavierUniform,
} from "@detrkit/nn";
import { SinePositionEncoding } from "@detrkit/position-encoding";
import {
  type Attention,
  type AttentionInputs,
  DecoderLayer,
  DenseAttention,
  EncoderLayer,
  TransformerDecoder,
  TransformerEncoder,
} from "@detrkit/transformer";
import { defineDetector, focalCriterion, focalLosses, type OwnSettings } from "@detrkit/training";
import { add, concat, mul, reshape, reverse, type Tensor2D, type Tensor3D, tidy } from "@tensorflow/tfjs-core";
import { z } from "zod";

interface AttentionConfig {
  readonly dim: number;
  readonly heads: number;
  readonly dropout: number;
  readonly random: Random;
}

/**
 * Cross-attention that compares contents with contents and places with places, side by side in every head, instead of
 * their sums (section 3.3). `B` images, `Q` queries, `S` tokens, `D` width.
 */
class ConditionalAttention extends Module implements Attention {
  readonly queryContent: Linear;
  /** Of the first layer, whose queries have no contents yet. */
  readonly queryPosition: Linear | undefined;
  readonly spatialQuery: Linear;
  readonly keyContent: Linear;
  readonly keyPosition: Linear;
  readonly value: Linear;
  readonly output: Linear;
  readonly #heads: number;
  readonly #dropout: Dropout;

  constructor({ dim, heads, dropout, random }: AttentionConfig, isFirst: boolean) {
    super();
    const linear = (): Linear =>
      new Linear({ inputDim: dim, outputDim: dim, weightInitializer: xavierUniform(), random });
    this.queryContent = linear();
    this.queryPosition = isFirst ? linear() : undefined;
    this.spatialQuery = linear();
    this.keyContent = linear();
    this.keyPosition = linear();
    this.value = linear();
    this.output = linear();
    this.#heads = heads;
    this.#dropout = new Dropout({ rate: dropout });
  }

  call(inputs: AttentionInputs, options: CallOptions = {}): Tensor3D {
    return tidy(() => {
      const {
        queries,
        queryPosition,
        memory,
        memoryPosition,
        memoryPaddingMask: keyPaddingMask,
        spatialQuery,
      } = inputs;
      const place = this.keyPosition.call(memoryPosition as Tensor3D);
      let [query, key] = [this.queryContent.call(queries), this.keyContent.call(memory)];
      if (this.queryPosition !== undefined) {
        query = add(query, this.queryPosition.call(queryPosition as Tensor2D));
        key = add(key, place);
      }
      const weights = attentionWeights({
        query: this.#beside(query, this.spatialQuery.call(spatialQuery as Tensor3D)),
        key: this.#beside(key, place),
        heads: this.#heads,
        keyPaddingMask,
      });
      const kept = this.#dropout.call(weights, options);
      return this.output.call(weightedValues(kept, this.value.call(memory), this.#heads));
    });
  }

  /** Puts each head's part of two tensors `[B, N, D]` side by side: `[B, N, 2D]`. */
  #beside(content: Tensor3D, place: Tensor3D): Tensor3D {
    const [B, N, D] = content.shape;
    const parts = [content, place].map((part) => reshape(part, [B, N, this.#heads, D / this.#heads]));
    return reshape(concat(parts, 3), [B, N, 2 * D]);
  }
}

/** What a decoder starts from, the same for all images. */
interface Queries extends Module {
  call(images: number, options: CallOptions): StartingQueries;
}

/** Parts that a variant replaces. */
interface OwnParts {
  /** Among the queries of each decoder layer. Default dense. */
  readonly selfAttention?: (config: MultiHeadAttentionConfig) => Attention;
  readonly queries?: Queries;
}

/** What of a Conditional DETR is a choice: flags, help and the configuration file follow from it. */
export const settings = z.strictObject({
  backbone: backboneSettings,
  transformer: commonTransformerSettings,
  numQueries: z.number().int().min(1).describe("Object queries: predictions for each image"),
});

/**
 * Conditional DETR, with learned reference points. `B` images, `S` tokens, `D` width, `Q` queries, `C` classes, `L`
 * decoder layers.
 */
export class ConditionalDetr extends Module implements DetectionModel {
  readonly backbone: Backbone;
  readonly inputProjection: Conv2d;
  readonly positionEncoding: SinePositionEncoding;
  readonly encoder: TransformerEncoder;
  readonly decoder: TransformerDecoder;
  /** Contents, positions and reference points that all images begin with. */
  readonly queries: Queries;
  /** Reads from a query's contents by what its place is stretched. */
  readonly queryScale: Mlp;
  readonly classHead: Linear;
  readonly boxHead: Mlp;
  readonly numClasses: number;
  readonly numQueries: number;

  constructor(
    { backbone, transformer, numQueries, numClasses }: OwnSettings<typeof settings>,
    random: Random,
    { selfAttention: amongQueries = (own) => new DenseAttention(own), queries }: OwnParts = {},
  ) {
    super();
    const { dim, heads, dropout, feedForwardDim: hiddenDim } = transformer;
    const weightInitializer = xavierUniform();
    const config = { dim, heads, dropout, outputInitializer: weightInitializer, random };
    const feedForward = (): FeedForward => new FeedForward({ dim, hiddenDim, dropout, weightInitializer, random });
    this.backbone = new ResNet({ ...backbone, random: random.fork("backbone") });
    const { channels } = this.backbone.levels.at(-1) as FeatureLevel;
    this.inputProjection = new Conv2d({ inputChannels: channels, outputChannels: dim, kernelSize: 1, random });
    this.positionEncoding = new SinePositionEncoding({ dim, normalize: true });
    this.encoder = new TransformerEncoder({
      layers: Array.from({ length: transformer.encoderLayers }, () => {
        return new EncoderLayer({
          dim,
          selfAttention: new DenseAttention(config),
          feedForward: feedForward(),
          dropout,
        });
      }),
    });
    this.decoder = new TransformerDecoder({
      layers: Array.from({ length: transformer.decoderLayers }, (_, layer) => {
        const crossAttention = new ConditionalAttention(config, layer === 0);
        const selfAttention = amongQueries(config);
        return new DecoderLayer({ dim, selfAttention, crossAttention, feedForward: feedForward(), dropout });
      }),
      norm: new LayerNorm({ dim }),
    });
    this.queries = queries ?? new LearnedQueries({ dim, numQueries, random: random.fork("queries") });
    this.queryScale = new Mlp({ inputDim: dim, hiddenDim: dim, outputDim: dim, layers: 2, random });
    const ofHeads = { dim, numClasses, count: 1, twoStage: false, random };
    [this.classHead] = createClassHeads(ofHeads) as [Linear];
    [this.boxHead] = createBoxHeads(ofHeads) as [Mlp];
    this.numClasses = numClasses;
    this.numQueries = numQueries;
  }

  call(batch: PaddedBatch, options: DetrCallOptions = {}): DetrOutput {
    const { auxiliary = true } = options;
    return tidyRecord(() => {
      const map = this.backbone.call(batch, options).at(-1) as FeatureMap;
      const [B, height, width] = map.paddingMask.shape;
      const { dim } = this.positionEncoding;
      const tokensOf = (cells: { shape: number[] }): Tensor3D => reshape(cells as Tensor3D, [B, height * width, dim]);
      const position = tokensOf(this.positionEncoding.call(map));
      const paddingMask = reshape(map.paddingMask, [B, height * width]) as Tensor2D;
      const tokens = tokensOf(this.inputProjection.call(map.features));
      const memory = this.encoder.call({ tokens, position, paddingMask }, options);

      const { queries, position: queryPosition, reference } = this.queries.call(B, options);
      // The encoding of the tokens has y first.
      const place = sineOfCoordinates(reverse(reference, 2), dim / 2);
      const states = this.decoder.call(
        {
          queries,
          queryPosition,
          spatialQuery: place,
          memory,
          memoryPosition: position,
          memoryPaddingMask: paddingMask,
          moveQueries: (state) => ({ spatialQuery: mul(this.queryScale.call(state), place) }),
        },
        options,
      );
      const { classHead, boxHead } = this;
      return outputOfLayers(predictWithSharedHeads(states, { classHead, boxHead, reference, auxiliary }));
    });
  }

  postProcess(output: LayerPrediction, sourceSizes: readonly ImageSize[]): Promise<ImageDetections[]> {
    return postProcessTopK(output, sourceSizes, Math.min(100, this.numQueries * this.numClasses));
  }
}

/** For generated shapes of 16 to 60 pixels in images of 128 × 128. */
export const shapes = {
  backbone: {
    depth: 18,
    returnStages: [2],
    frozenStages: 0,
    norm: "group",
    stem: "3x3pool",
    width: 16,
    dilateLastStage: false,
  },
  transformer: { dim: 64, heads: 4, encoderLayers: 2, decoderLayers: 3, feedForwardDim: 128, dropout: 0 },
  numQueries: 40,
  epochs: 40,
  batchSize: 8,
  learningRate: 5e-4,
  learningRateFactors: { backbone: 1 },
  schedule: { warmupSteps: 50, dropAt: 0.8 },
  transforms: { kind: "fixed", size: "128x128", flips: "both" },
  evaluation: { every: 5 },
} as const;

// A definition is a file's default export, as a configuration file's is.
// oxlint-disable-next-line import/no-default-export
export default defineDetector({
  name: "conditional-detr",
  title: "Conditional DETR",
  settings,
  losses: focalLosses,
  create: (own, { random }) => new ConditionalDetr(own, random),
  criterion: focalCriterion,
  presets: { "conditional-detr-shapes": shapes },
});
