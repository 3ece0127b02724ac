import type { Random } from "@detrkit/common";
import type { QueryPlaces } from "@detrkit/transformer";
import { constant, Linear, Mlp, withoutGradient } from "@detrkit/nn";
import { add, sigmoid, slice, stack, tensor1d, type Tensor3D, type Tensor4D, tidy, zeros } from "@tensorflow/tfjs-core";
import type { StackedOutput } from "../detection-model.ts";
import { boxOffset, clippedInverseSigmoid } from "./coordinates.ts";
import type { LevelScale } from "./level-geometry.ts";

/** Settings of {@link createClassHeads} and {@link createBoxHeads}. */
export interface HeadsConfig {
  /** Width `D`. */
  readonly dim: number;
  readonly numClasses: number;
  /** Number of heads. */
  readonly count: number;
  /** Whether boxes start from proposals, which already have a size. */
  readonly twoStage: boolean;
  readonly random: Random;
}

/**
 * Every class starts with a probability of 0.01, because most queries match no object and would dominate the focal
 * loss.
 */
const initialClassBias = -Math.log((1 - 0.01) / 0.01);

/** Heads that predict a query's class logits, all with the same initial weights. */
export function createClassHeads({ dim, numClasses, count, random }: HeadsConfig): Linear[] {
  return Array.from(
    { length: count },
    () =>
      new Linear({
        inputDim: dim,
        outputDim: numClasses,
        biasInitializer: constant(initialClassBias),
        random: random.fork("classHead"),
      }),
  );
}

/** Heads that predict the correction of a query's box. It starts at 0, but the first head makes boxes small. */
export function createBoxHeads({ dim, count, twoStage, random }: HeadsConfig): Mlp[] {
  return Array.from({ length: count }, (_, index) => {
    const head = new Mlp({ inputDim: dim, hiddenDim: dim, outputDim: 4, layers: 3, random: random.fork("boxHead") });
    const last = head.layers.at(-1) as Linear;
    const size = index === 0 && !twoStage ? -2 : 0;
    last.weight.assign(zeros([dim, 4]));
    last.bias?.assign(tensor1d([0, 0, size, size]));
    return head;
  });
}

/** Inputs of {@link predictWithSharedHeads} apart from the queries. */
export interface SharedHeadsInputs {
  readonly classHead: Linear;
  readonly boxHead: Mlp;
  /** Reference points or boxes of all layers, before the sigmoid: `[B, Q, 2]` or `[B, Q, 4]`. */
  readonly reference: Tensor3D;
  /** Whether the layers before the last predict too. */
  readonly auxiliary: boolean;
}

/**
 * Predictions of all decoder layers by heads that they share.
 *
 * @param states - queries after each decoder layer `[L, B, Q, D]`
 */
export function predictWithSharedHeads(
  states: Tensor4D,
  { classHead, boxHead, reference, auxiliary }: SharedHeadsInputs,
): StackedOutput {
  return tidy(() => {
    const chosen = auxiliary ? states : slice(states, [states.shape[0] - 1, 0, 0, 0]);
    // The heads run once, on all layers stacked.
    return {
      logits: classHead.call(chosen),
      boxes: sigmoid(add(boxHead.call(chosen), boxOffset(reference))) as Tensor4D,
    };
  });
}

/** Settings of {@link BoxRefinement}. `B` images, `Q` queries. */
export interface BoxRefinementConfig {
  /** One for each decoder layer. */
  readonly classHeads: readonly Linear[];
  /** One for each decoder layer. */
  readonly boxHeads: readonly Mlp[];
  readonly scale: LevelScale;
  /** Reference points or boxes of the first layer, before the sigmoid: `[B, Q, 2]` or `[B, Q, 4]`. */
  readonly reference: Tensor3D;
  /** Whether the layers before the last predict too. */
  readonly auxiliary: boolean;
}

/**
 * One pass through a decoder with iterative box refinement: each layer corrects the boxes of the layer before. A
 * layer's box is its reference box plus its head's output, both before the sigmoid. It is also the next layer's
 * reference box, but no gradient flows back from there.
 */
export class BoxRefinement {
  readonly #config: BoxRefinementConfig;
  readonly #logits: Tensor3D[] = [];
  readonly #boxes: Tensor3D[] = [];
  #start: Tensor3D;

  constructor(config: BoxRefinementConfig) {
    this.#config = config;
    this.#start = boxOffset(config.reference);
  }

  /**
   * @param queries - after a decoder layer `[B, Q, D]`
   * @returns the boxes as reference points of the next layer `[B, Q, L, 4]`, nothing after the last layer
   */
  refine(queries: Tensor3D, layer: number): QueryPlaces | undefined {
    const { classHeads, boxHeads, scale, auxiliary } = this.#config;
    const box = tidy(() => add<Tensor3D>((boxHeads[layer] as Mlp).call(queries), this.#start));
    const isLast = layer === boxHeads.length - 1;
    if (auxiliary || isLast) {
      this.#logits.push((classHeads[layer] as Linear).call(queries));
      this.#boxes.push(box);
    }
    if (isLast) return undefined;
    this.#start = withoutGradient(() => clippedInverseSigmoid(box));
    return { referencePoints: withoutGradient(() => scale.referencePoints(box)) };
  }

  /** The predictions of all layers. */
  output(): StackedOutput {
    return tidy(() => ({ logits: stack(this.#logits) as Tensor4D, boxes: sigmoid(stack(this.#boxes)) as Tensor4D }));
  }
}
