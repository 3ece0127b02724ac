import type { Linear, Mlp } from "@detrkit/nn";
import { add, sigmoid, stack, type Tensor3D, type Tensor4D, tidy } from "@tensorflow/tfjs-core";
import type { StackedOutput } from "../detr-output.ts";
import { boxStart } from "./box-start.ts";
import { clippedLogits } from "./clipped-logits.ts";
import type { LevelScale } from "./level-scale.ts";
import { withoutGradient } from "./without-gradient.ts";

export interface BoxRefinementConfig {
  /** One for each decoder layer. */
  readonly classHeads: readonly Linear[];
  /** One for each decoder layer. */
  readonly boxHeads: readonly Mlp[];
  readonly scale: LevelScale;
  /** Where the first layer looks, before the sigmoid: `[B, Q, 2]` or `[B, Q, 4]`. */
  readonly reference: Tensor3D;
  /** Whether the layers before the last predict too. */
  readonly auxiliary: boolean;
}

/**
 * One pass through a decoder whose layers each correct the boxes of the layer before. A layer's box is where it looked
 * plus what its head says (before the sigmoid), and where the next layer looks; only the layer itself is trained by it.
 */
export class BoxRefinement {
  readonly #config: BoxRefinementConfig;
  readonly #logits: Tensor3D[] = [];
  readonly #boxes: Tensor3D[] = [];
  #start: Tensor3D;

  constructor(config: BoxRefinementConfig) {
    this.#config = config;
    this.#start = boxStart(config.reference);
  }

  /**
   * @param queries - after a decoder layer `[B, Q, D]`
   * @returns where the queries of the next layer look `[B, Q, L, 4]`, nothing after the last layer
   */
  refine(queries: Tensor3D, layer: number): Tensor4D | undefined {
    const { classHeads, boxHeads, scale, auxiliary } = this.#config;
    const box = tidy(() => add<Tensor3D>((boxHeads[layer] as Mlp).call(queries), this.#start));
    const isLast = layer === boxHeads.length - 1;
    if (auxiliary || isLast) {
      this.#logits.push((classHeads[layer] as Linear).call(queries));
      this.#boxes.push(box);
    }
    if (isLast) return undefined;
    this.#start = withoutGradient(() => clippedLogits(box));
    return withoutGradient(() => scale.referencePoints(box));
  }

  /** What the layers have predicted. */
  output(): StackedOutput {
    return tidy(() => ({ logits: stack(this.#logits) as Tensor4D, boxes: sigmoid(stack(this.#boxes)) as Tensor4D }));
  }
}
