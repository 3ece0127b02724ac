import type { LayerPrediction } from "@detrkit/boxes";
import type { Backbone, FeatureLevel, FeatureMap } from "@detrkit/backbone";
import {
  type CallOptions,
  Embedding,
  type MovedPath,
  type ImageSize,
  type Linear,
  type Mlp,
  Module,
  type PaddedBatch,
  tidyRecord,
} from "@detrkit/nn";
import type { PositionEncoding } from "@detrkit/position-encoding";
import type { MaskHead } from "@detrkit/segmentation";
import type { DecoderInputs } from "@detrkit/transformer";
import { sigmoid, tensor, type Tensor2D, type Tensor3D, type Tensor4D } from "@tensorflow/tfjs-core";
import {
  beforeMasks,
  type DetectionModel,
  type DetrCallOptions,
  type DetrOutput,
  outputOfLayers,
  type StackedOutput,
} from "../detection-model.ts";
import type { ImageDetections } from "../detections.ts";
import { postProcessTopK } from "../post-process.ts";
import {
  checkDeformableConfig,
  type DeformableDetrParts,
  type DeformableDetrDetails,
  type DeformableTransformer,
  defaultProjectionGroups,
  seenLevels,
} from "./deformable-config.ts";
import { BoxRefinement, createBoxHeads, createClassHeads, predictWithSharedHeads } from "./heads.ts";
import { encoderReferencePoints, LevelScale, tokenPaddingMask } from "./level-geometry.ts";
import {
  createProjections,
  type InputProjection,
  joinLevels,
  type LevelTokens,
  positionWithLevel,
  projectLevels,
} from "./levels.ts";
import { maskInputs } from "./mask-inputs.ts";
import { LearnedQueries, ProposalQueries, type StartingQueries } from "./queries.ts";

/**
 * Score above which a query of a Deformable DETR becomes a segment. It decides each class by itself and is less sure
 * than DETR, for which 0.85 was published: a small one with masks had a panoptic quality of 0.59 from 0.3 on, 0.57 from
 * 0.4 on and 0.51 from 0.5 on.
 */
export const deformablePanopticThreshold = 0.4;

/** Detections of each image, as published; fewer if there are fewer pairs of query and class. */
const numDetections = 100;

/**
 * Deformable DETR (arXiv:2010.04159): the tokens are the cells of several feature maps, and attention samples a few
 * points of each instead of all cells. Optionally each decoder layer refines the boxes of the one before, and the
 * queries start from the encoder's proposals. `B` images, `S` tokens, `D` width, `Q` queries, `C` classes, `L` decoder
 * layers.
 */
export class DeformableDetr extends Module implements DetectionModel {
  readonly backbone: Backbone;
  readonly inputProjections: readonly InputProjection[];
  readonly positionEncoding: PositionEncoding;
  /** A vector for each level, which distinguishes its tokens from those of the others. */
  readonly levelEmbedding: Embedding;
  readonly transformer: DeformableTransformer;
  /** The decoder's first queries: learned, or in a two-stage model the encoder's best proposals. */
  readonly queries: LearnedQueries | ProposalQueries;
  /**
   * One head shared by all decoder layers; with box refinement one for each layer; with two stages one more, for the
   * encoder's tokens.
   */
  readonly classHeads: readonly Linear[];
  readonly boxHeads: readonly Mlp[];
  readonly maskHead: MaskHead | undefined;
  readonly numClasses: number;
  readonly numQueries: number;
  readonly panopticThreshold: number = deformablePanopticThreshold;
  readonly #boxRefinement: boolean;
  /** Positions of the backbone's levels that the transformer sees. */
  readonly #seen: readonly number[];

  constructor(config: DeformableDetrParts) {
    super();
    const { backbone, positionEncoding, transformer, numClasses, numQueries, random } = config;
    const seen = seenLevels(config);
    const {
      featureLevels = seen.length,
      projectionGroups: groups = defaultProjectionGroups,
      boxRefinement = false,
      twoStage = false,
    } = config;
    const { dim } = positionEncoding;
    checkDeformableConfig(config);
    this.backbone = backbone;
    this.inputProjections = createProjections({
      levels: seen.map((level) => backbone.levels[level] as FeatureLevel),
      featureLevels,
      dim,
      groups,
      random: random.fork("inputProjections"),
    });
    this.positionEncoding = positionEncoding;
    this.levelEmbedding = new Embedding({ count: featureLevels, dim, random: random.fork("levelEmbedding") });
    this.transformer = transformer;
    this.queries = twoStage
      ? new ProposalQueries({ dim, numQueries, random })
      : new LearnedQueries({ dim, numQueries, random });
    const count = boxRefinement ? transformer.decoder.layers.length + (twoStage ? 1 : 0) : 1;
    this.classHeads = createClassHeads({ dim, numClasses, count, twoStage, random });
    this.boxHeads = createBoxHeads({ dim, numClasses, count, twoStage, random });
    this.maskHead = config.maskHead;
    this.numClasses = numClasses;
    this.numQueries = numQueries;
    this.#boxRefinement = boxRefinement;
    this.#seen = seen;
  }

  /** Until November 2026 the queries were parts of the model itself. */
  override get movedPaths(): readonly MovedPath[] {
    const names = "queryEmbedding|referencePoints|encoderOutput|encoderOutputNorm|queryProjection|queryProjectionNorm";
    return [{ from: new RegExp(`^(${names})\\.`, "u"), to: "queries.$1." }];
  }

  /** @param batch - images `[B, H, W, 3]`, normalised, with their sizes */
  call(batch: PaddedBatch, options: DetrCallOptions = {}): DetrOutput {
    const maskHead = options.masks === false ? undefined : this.maskHead;
    return tidyRecord(() => {
      if (maskHead === undefined) return this.detect(this.levelTokens(batch, options), options).output;
      const sources = beforeMasks(options, (call) => {
        const maps = this.backbone.call(batch, call);
        const levelTokens = this.#tokensOf(maps, batch);
        return { maps, levelTokens, details: this.detect(levelTokens, call) };
      });
      const inputs = maskInputs({ ...sources, seen: this.#seen, images: batch.images });
      return { ...sources.details.output, masks: maskHead.call(inputs) };
    });
  }

  /** The maps of the backbone that the transformer sees, and the further levels, as tokens. */
  levelTokens(batch: PaddedBatch, options: CallOptions = {}): LevelTokens {
    return tidyRecord(() => this.#tokensOf(this.backbone.call(batch, options), batch));
  }

  #tokensOf(maps: readonly FeatureMap[], batch: PaddedBatch): LevelTokens {
    const seen = this.#seen.map((level) => maps[level] as FeatureMap);
    return joinLevels(projectLevels(this.inputProjections, seen, batch), this.positionEncoding);
  }

  /** Everything after the feature levels: encoder, queries, decoder, heads. */
  detect(levelTokens: LevelTokens, options: DetrCallOptions = {}): DeformableDetrDetails {
    return tidyRecord(() => {
      const { tokens, levelShapes } = levelTokens;
      const [B, S] = tokens.shape;
      const maskValues = tokenPaddingMask(levelTokens);
      const paddingMask = maskValues && (tensor(maskValues, [B, S], "bool") as Tensor2D);
      const position = positionWithLevel(levelTokens, this.levelEmbedding.weight.value as Tensor2D);
      const referencePoints = tensor(encoderReferencePoints(levelTokens), [B, S, levelShapes.length, 2]);
      const memory = this.transformer.encoder.call(
        { tokens, position, paddingMask, referencePoints, levelShapes },
        options,
      );
      const start = this.#startingQueries(memory, levelTokens);
      const { states, stacked } = this.#decode(
        start,
        { memory, memoryPaddingMask: paddingMask, levelShapes },
        new LevelScale(levelTokens),
        options,
      );
      const { reference, proposals } = start;
      const encoder = proposals &&
        (options.auxiliary ?? true) && { logits: proposals.logits, boxes: sigmoid(proposals.coordinates) };
      const output: DetrOutput = { ...outputOfLayers(stacked), ...(encoder && { encoder }) };
      return { output, memory, states, reference, ...(proposals && { proposals }) };
    });
  }

  /** The best min(100, `numQueries` × `numClasses`) pairs of query and class, highest score first. */
  postProcess(output: LayerPrediction, sourceSizes: readonly ImageSize[]): Promise<ImageDetections[]> {
    return postProcessTopK(output, sourceSizes, Math.min(numDetections, this.numQueries * this.numClasses));
  }

  #startingQueries(memory: Tensor3D, layout: LevelTokens): StartingQueries {
    if (this.queries instanceof LearnedQueries) return this.queries.call(memory.shape[0]);
    return this.queries.call({
      memory,
      layout,
      classHead: this.classHeads.at(-1) as Linear,
      boxHead: this.boxHeads.at(-1) as Mlp,
    });
  }

  #decode(
    { queries, position: queryPosition, reference }: StartingQueries,
    memory: Pick<DecoderInputs, "memory" | "memoryPaddingMask" | "levelShapes">,
    scale: LevelScale,
    options: DetrCallOptions,
  ): { states: Tensor4D; stacked: StackedOutput } {
    const { decoder } = this.transformer;
    const { auxiliary = true } = options;
    const inputs = { ...memory, queries, queryPosition, referencePoints: scale.referencePoints(reference) };
    if (!this.#boxRefinement) {
      const states = decoder.call(inputs, options);
      const [classHead, boxHead] = [this.classHeads[0] as Linear, this.boxHeads[0] as Mlp];
      return { states, stacked: predictWithSharedHeads(states, { classHead, boxHead, reference, auxiliary }) };
    }
    const [classHeads, boxHeads] = [
      this.classHeads.slice(0, decoder.layers.length),
      this.boxHeads.slice(0, decoder.layers.length),
    ];
    const refinement = new BoxRefinement({ classHeads, boxHeads, scale, reference, auxiliary });
    const states = decoder.call({ ...inputs, moveQueries: (state, layer) => refinement.refine(state, layer) }, options);
    return { states, stacked: refinement.output() };
  }
}
