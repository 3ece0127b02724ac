import type { FeedForward } from "@detrkit/nn";
import { clone } from "@tensorflow/tfjs-core";

/** A layer of a stack. */
interface StackLayer {
  readonly feedForward: FeedForward;
}

/**
 * Gives the feed-forward parts of a stack's layers the biases of the first one. The originals copy one layer and draw
 * only its matrices anew, so biases start equal in all layers; those of attentions and norms are constants in any case.
 */
export function beginWithEqualBiases(layers: readonly StackLayer[]): void {
  const [first, ...others] = layers;
  for (const { feedForward } of others) {
    for (const part of ["expand", "contract"] as const) {
      const bias = first?.feedForward[part].bias;
      if (bias !== undefined) feedForward[part].bias?.assign(clone(bias.value));
    }
  }
}
