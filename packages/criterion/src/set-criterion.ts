import type { DetectionTarget } from "@detrkit/boxes";
import { ConfigError, type Random, ShapeError } from "@detrkit/common";
import { type Matcher, namingFault } from "@detrkit/matcher";
import { add, customGrad, mul, type Scalar, scalar, type Tensor, tidy } from "@tensorflow/tfjs-core";
import type { LoggedTerm, LossTerm, MatchedLoss, PredictionLoss } from "./loss-term.ts";
import type { LossTerms } from "./loss-terms.ts";
import type { MaskPointsConfig } from "./masks/mask-points.ts";
import { MaskTerms } from "./masks/mask-terms.ts";
import { expectScalar, matchedPredictions } from "./matched-predictions.ts";
import { blocksOf, type PredictionBlock, readJoined, splitLike } from "./prediction-block.ts";
import type { PredictionGradient, PredictionGroup } from "./prediction-group.ts";
import type { SetPrediction } from "./set-prediction.ts";
import type { TensorTerm } from "./tensor-term.ts";
import { cardinalityError } from "./terms/cardinality-error.ts";
import { classError } from "./terms/class-error.ts";

/** Settings of {@link SetCriterion}. */
export interface SetCriterionConfig {
  /** Decides for each layer separately which query predicts which target. */
  readonly matcher: Matcher;
  /** Terms that are summed over all layers, each with its own weight. Their names must differ. */
  readonly losses: readonly LossTerm[];
  /** Numbers that are only reported. Default: class error and cardinality error. */
  readonly logged?: readonly LoggedTerm[];
  /**
   * Maps the number of targets in this batch to the number to divide by (at least 1 is used). Data-parallel training
   * returns the mean over all processes here, so that their gradients add up to those of one large batch.
   */
  readonly averageBoxCount?: (count: number) => number;
  /**
   * Mask losses are taken at points that are drawn for each mask, at every call from the `random` it is given: a
   * fraction of the memory of all pixels. Default: at all pixels.
   */
  readonly maskPoints?: MaskPointsConfig;
}

/** What {@link SetCriterion.call} may need in addition. */
export interface CriterionCallOptions {
  /** Where points of masks are drawn from. Needed only with `maskPoints`. */
  readonly random?: Random;
}

/**
 * The result of {@link SetCriterion.call}; @detrkit/optim takes it as it is. The caller owns the loss and the terms
 * that are tensors.
 */
export type CriterionResult = {
  /** Weighted sum of all losses over all layers; differentiable with respect to all predictions. */
  readonly loss: Scalar;
  readonly terms: LossTerms;
};

/** Values and gradients of all closed-form terms on classes and boxes. */
interface Evaluation {
  readonly total: number;
  readonly terms: Readonly<Record<string, number>>;
  /** One for each block. */
  readonly gradients: readonly PredictionGradient[];
  /** Of each block the matched layers; the first block is the decoder's. */
  readonly groups: readonly (readonly PredictionGroup[])[];
}

/**
 * The loss of set prediction: matches each layer's queries to the targets, then sums loss terms of the matched pairs.
 *
 * Matching needs logits and boxes as plain numbers. They are read from the backend once for all layers, synchronously
 * like tfjs's tape, and the closed-form terms and their derivatives are computed on them too. So a step takes at most
 * six tensor ops whatever the number of layers and terms (two if the prediction is `stacked`), plus those of masks and
 * your own terms.
 */
export class SetCriterion {
  readonly matcher: Matcher;
  readonly losses: readonly LossTerm[];
  readonly logged: readonly LoggedTerm[];
  readonly #averageBoxCount: (count: number) => number;
  readonly #maskTerms: MaskTerms;

  constructor({
    matcher,
    losses,
    logged = [classError(), cardinalityError()],
    averageBoxCount = (count) => count,
    maskPoints,
  }: SetCriterionConfig) {
    if (losses.length === 0)
      throw new ConfigError("SetCriterion: losses is empty; give at least one, e.g. boxL1({ weight: 5 })");
    const names = [...losses, ...logged].map(({ name }) => name);
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined)
      throw new ConfigError(
        `SetCriterion: two terms are named "${twice}"; names must differ, they are the keys of the report`,
      );
    this.matcher = matcher;
    this.losses = losses;
    this.logged = logged;
    this.#averageBoxCount = averageBoxCount;
    this.#maskTerms = new MaskTerms(losses, maskPoints);
  }

  /**
   * @param prediction - class logits and cxcywh boxes of every layer for `B` images, optionally masks
   * @param targets - one for each image
   */
  call(
    prediction: SetPrediction,
    targets: readonly DetectionTarget[],
    { random }: CriterionCallOptions = {},
  ): CriterionResult {
    const blocks = blocksOf(prediction);
    const numbers: Record<string, number> = {};
    const { loss, values } = tidy(() => {
      const { loss, evaluation } = this.#lossOnPredictions(blocks, targets);
      const { groups } = evaluation;
      const matched = this.#evaluateMatched(blocks, groups);
      const lastLayer = groups[0]?.at(-1) as PredictionGroup;
      const tensors = [...matched.tensors, ...this.#maskTerms.evaluate(prediction.masks, lastLayer, random)];
      Object.assign(numbers, evaluation.terms, matched.numbers);
      return {
        loss: tensors.reduce<Scalar>((total, { value, weight }) => add(total, mul(value, weight)), loss),
        values: Object.fromEntries(tensors.map(({ reportedAs, value }) => [reportedAs, value])),
      };
    });
    return { loss, terms: { ...numbers, ...values } };
  }

  #lossOnPredictions(
    blocks: readonly PredictionBlock[],
    targets: readonly DetectionTarget[],
  ): { loss: Scalar; evaluation: Evaluation } {
    const evaluations: Evaluation[] = [];
    const lossOf = customGrad(() => {
      // No op in here is recorded for backpropagation.
      const evaluation = this.#evaluate(blocks, targets);
      evaluations.push(evaluation);
      const gradFunc = (dy: Tensor): Tensor[] =>
        blocks.flatMap((block, index) => {
          const { logits, boxes } = evaluation.gradients[index] as PredictionGradient;
          return [...splitLike(logits, block.logits, dy as Scalar), ...splitLike(boxes, block.boxes, dy as Scalar)];
        });
      return { value: scalar(evaluation.total), gradFunc };
    });
    const loss = lossOf(...blocks.flatMap(({ logits, boxes }) => [...logits, ...boxes])) as Scalar;
    return { loss, evaluation: evaluations[0] as Evaluation };
  }

  #evaluate(blocks: readonly PredictionBlock[], targets: readonly DetectionTarget[]): Evaluation {
    const targetCount = targets.reduce((count, { labels }) => count + labels.length, 0);
    const boxCount = Math.max(1, this.#averageBoxCount(targetCount));
    const losses = this.losses.filter((term): term is PredictionLoss => term.on === "predictions");
    const terms: Record<string, number> = {};
    let total = 0;
    const groups: PredictionGroup[][] = [];
    const gradients = blocks.map((block) => {
      const logits = readJoined(block.logits);
      const boxes = readJoined(block.boxes);
      const gradient = { logits: new Float32Array(logits.length), boxes: new Float32Array(boxes.length) };
      groups.push(
        block.layers.map((layer, index) => {
          const part = ({ logits, boxes }: PredictionGradient): PredictionGradient => ({
            logits: layerPart(logits, index, block.layers.length),
            boxes: layerPart(boxes, index, block.layers.length),
          });
          const group = this.#match({ ...block, ...part({ logits, boxes }), layer, targets, matches: [], boxCount });
          for (const term of losses) {
            const value = term.evaluate(group, part(gradient));
            total += term.weight * value;
            terms[nameInReport(term, layer)] = value;
          }
          for (const term of this.logged) {
            if (layer === "decoder" || term.everyLayer) terms[nameInReport(term, layer)] = term.measure(group);
          }
          return group;
        }),
      );
      return gradient;
    });
    return { total, terms, gradients, groups };
  }

  /**
   * The group with its matches. The encoder's proposals only tell object from background, so there all targets are
   * class 0.
   */
  #match(group: PredictionGroup): PredictionGroup {
    const { layer, images, queries, classes } = group;
    if (group.targets.length !== images)
      throw new ShapeError(`SetCriterion.call: expected targets for ${images} images, got ${group.targets.length}`);
    const targets =
      layer === "encoder"
        ? group.targets.map((target) => ({ ...target, labels: new Int32Array(target.labels.length) }))
        : group.targets;
    const matches = targets.map((target, image) => {
      const prediction = {
        queries,
        classes,
        logits: layerPart(group.logits, image, images),
        boxes: layerPart(group.boxes, image, images),
      };
      return namingFault(`SetCriterion.call: layer "${layer}", image ${image}`, () =>
        this.matcher.matchImage(prediction, target),
      );
    });
    return { ...group, targets, matches };
  }

  /** Your own terms, in every layer: tensors where something is matched, elsewhere the number 0. */
  #evaluateMatched(
    blocks: readonly PredictionBlock[],
    groups: Evaluation["groups"],
  ): { tensors: TensorTerm[]; numbers: Record<string, number> } {
    const losses = this.losses.filter((term): term is MatchedLoss => term.on === undefined);
    const tensors: TensorTerm[] = [];
    const numbers: Record<string, number> = {};
    if (losses.length === 0) return { tensors, numbers };
    blocks.forEach((block, index) => {
      matchedPredictions(block, groups[index] ?? []).forEach((matched, position) => {
        const layer = block.layers[position] as string;
        for (const term of losses) {
          const reportedAs = nameInReport(term, layer);
          if (matched === undefined) numbers[reportedAs] = 0;
          else {
            const value = expectScalar(term.call(matched), term.name, layer);
            tensors.push({ reportedAs, weight: term.weight, value });
          }
        }
      });
    });
    return { tensors, numbers };
  }
}

function nameInReport({ name }: LossTerm | LoggedTerm, layer: string): string {
  return layer === "decoder" ? name : `${layer}.${name}`;
}

/** The `index`-th of `count` equal parts, without a copy. */
function layerPart(values: Float32Array, index: number, count: number): Float32Array {
  const length = values.length / count;
  return values.subarray(index * length, (index + 1) * length);
}
