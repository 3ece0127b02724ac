import type { LayerPrediction } from "@detrkit/boxes";
import type { Backbone, FeatureLevel, FeatureMap } from "@detrkit/backbone";
import {
  Conv2d,
  Embedding,
  expectInteger,
  type ImageSize,
  Linear,
  Mlp,
  Module,
  type PaddedBatch,
  tidyRecord,
} from "@detrkit/nn";
import type { Random } from "@detrkit/common";
import type { PositionEncoding } from "@detrkit/position-encoding";
import type { MaskHead, PredictedMasks } from "@detrkit/segmentation";
import type { TransformerCallOptions, TransformerInputs, TransformerOutput } from "@detrkit/transformer";
import {
  dispose,
  reshape,
  sigmoid,
  slice,
  type Tensor2D,
  type Tensor3D,
  type Tensor4D,
  tidy,
} from "@tensorflow/tfjs-core";
import {
  beforeMasks,
  type DetectionModel,
  type DetrCallOptions,
  type DetrOutput,
  lastStates,
  outputOfLayers,
} from "./detection-model.ts";
import type { ImageDetections } from "./detections.ts";
import { postProcess } from "./post-process.ts";

/** What a detector needs of a transformer. Any module with this `call` can be one. */
export interface DetrTransformer extends Module {
  call(inputs: TransformerInputs, options?: TransformerCallOptions): TransformerOutput;
}

/** The built parts of a {@link Detr}, and its sizes. */
export interface DetrParts {
  /** Its last level is used. */
  readonly backbone: Backbone;
  /** Its width is that of tokens and queries: the transformer's. */
  readonly positionEncoding: PositionEncoding;
  readonly transformer: DetrTransformer;
  /** Makes masks of the queries; its finer maps are the backbone's levels before the last. Default none: boxes only. */
  readonly maskHead?: MaskHead | undefined;
  /** Classes without "no object". */
  readonly numClasses: number;
  /** The most objects that can be found in one image. */
  readonly numQueries: number;
  /** Where the initial weights of projection, queries and heads are drawn from. */
  readonly random: Random;
}

/** What the parts before the heads compute, for your own heads. */
export type DetrFeatures = TransformerOutput & {
  /** The backbone's maps, from fine to coarse; the cells of the last one are the memory's tokens, row by row. */
  readonly maps: FeatureMap[];
};

type ProjectedFeatures = DetrFeatures & {
  /** The coarsest map at the width of the tokens `[B, h, w, D]`. */
  readonly projected: Tensor4D;
};

/**
 * DETR (arXiv:2005.12872): features of a backbone become tokens, a transformer turns a fixed set of queries into as
 * many predictions, and two heads, shared by all decoder layers, predict class and box of each. `B` images, `S` tokens,
 * `D` width, `Q` queries, `C` classes, `L` decoder layers.
 */
export class Detr extends Module implements DetectionModel {
  readonly backbone: Backbone;
  readonly inputProjection: Conv2d;
  readonly positionEncoding: PositionEncoding;
  readonly transformer: DetrTransformer;
  /** `[Q, D]`. */
  readonly queryEmbedding: Embedding;
  readonly classHead: Linear;
  readonly boxHead: Mlp;
  readonly maskHead: MaskHead | undefined;
  readonly numClasses: number;
  readonly numQueries: number;

  constructor({ backbone, positionEncoding, transformer, maskHead, numClasses, numQueries, random }: DetrParts) {
    super();
    expectInteger(numClasses, "Detr: numClasses", 1);
    expectInteger(numQueries, "Detr: numQueries", 1);
    const { dim } = positionEncoding;
    const { channels } = backbone.levels.at(-1) as FeatureLevel;
    this.backbone = backbone;
    this.inputProjection = new Conv2d({
      inputChannels: channels,
      outputChannels: dim,
      kernelSize: 1,
      random: random.fork("inputProjection"),
    });
    this.positionEncoding = positionEncoding;
    this.transformer = transformer;
    this.queryEmbedding = new Embedding({ count: numQueries, dim, random: random.fork("queryEmbedding") });
    this.classHead = new Linear({ inputDim: dim, outputDim: numClasses + 1, random: random.fork("classHead") });
    this.boxHead = new Mlp({ inputDim: dim, hiddenDim: dim, outputDim: 4, layers: 3, random: random.fork("boxHead") });
    this.maskHead = maskHead;
    this.numClasses = numClasses;
    this.numQueries = numQueries;
  }

  /** @param batch - images `[B, H, W, 3]`, normalised, with their sizes */
  call(batch: PaddedBatch, options: DetrCallOptions = {}): DetrOutput {
    const { output, ...features } = beforeMasks(options, (call) => {
      const features = this.#features(batch, call);
      return { ...features, output: this.predict(features.states, call) };
    });
    const { maps, projected, memory, states } = features;
    const masks = options.masks === false ? undefined : this.#masks(features, batch);
    dispose([projected, memory, states, ...maps.flatMap(({ features, paddingMask }) => [features, paddingMask])]);
    return masks === undefined ? output : { ...output, masks };
  }

  /** Everything before the heads. */
  features(batch: PaddedBatch, options: TransformerCallOptions = {}): DetrFeatures {
    const { projected, ...features } = this.#features(batch, options);
    dispose(projected);
    return features;
  }

  #features(batch: PaddedBatch, options: TransformerCallOptions): ProjectedFeatures {
    return tidyRecord(() => {
      const maps = this.backbone.call(batch, options);
      const map = maps.at(-1) as FeatureMap;
      const [B, height, width] = map.paddingMask.shape;
      const tokens = this.inputProjection.call(map.features);
      const [, , , D] = tokens.shape;
      const S = height * width;
      const output = this.transformer.call(
        {
          tokens: reshape(tokens, [B, S, D]),
          position: reshape(this.positionEncoding.call(map, options), [B, S, D]) as Tensor3D,
          paddingMask: isPadded(map) ? (reshape(map.paddingMask, [B, S]) as Tensor2D) : undefined,
          queryPosition: this.queryEmbedding.weight.value as Tensor2D,
          // Dense attentions don't need it: for those who look at where an attention looks.
          levelShapes: [{ height, width }],
        },
        options,
      );
      return { maps, projected: tokens, ...output };
    });
  }

  #masks({ maps, projected, memory, states }: ProjectedFeatures, { images }: PaddedBatch): PredictedMasks | undefined {
    const { maskHead } = this;
    if (maskHead === undefined) return undefined;
    const { paddingMask, sizes } = maps.at(-1) as FeatureMap;
    const [, height, width] = images.shape;
    return tidyRecord(() =>
      maskHead.call({
        queries: lastStates(states),
        memory: reshape(memory, projected.shape),
        map: { features: projected, paddingMask, sizes },
        finer: maps.slice(0, -1).toReversed(),
        padded: { height, width },
      }),
    );
  }

  /**
   * Class and box of every query.
   * @param states - queries after each decoder layer `[L, B, Q, D]`
   */
  predict(states: Tensor4D, { auxiliary = true }: DetrCallOptions = {}): DetrOutput {
    const stacked = tidy(() => {
      const chosen = auxiliary ? states : slice(states, [states.shape[0] - 1, 0, 0, 0]);
      // The heads run once, on all layers stacked.
      return { logits: this.classHead.call(chosen), boxes: sigmoid(this.boxHead.call(chosen)) };
    });
    return outputOfLayers(stacked);
  }

  /** For each query its most probable class: all `numQueries` of them, in their order. */
  postProcess(output: LayerPrediction, sourceSizes: readonly ImageSize[]): Promise<ImageDetections[]> {
    return postProcess(output, sourceSizes);
  }
}

/** Whether any image leaves cells of the map empty; where none does, attention needs no padding mask. */
function isPadded({ sizes, paddingMask }: FeatureMap): boolean {
  const [, mapHeight, mapWidth] = paddingMask.shape;
  return sizes.some(({ height, width }) => height < mapHeight || width < mapWidth);
}
