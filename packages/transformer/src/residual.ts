import type { CallOptions, Dropout, LayerNorm } from "@detrkit/nn";
import { add, type Tensor3D, tidy } from "@tensorflow/tfjs-core";

/** How a layer joins its parts; the same for all of them. */
export interface ResidualStyle {
  /** On each part's output. */
  readonly dropout: Dropout;
  /** Whether the norm comes before the part, or after the sum. */
  readonly preNorm: boolean;
}

/** One part of a layer with its residual connection and norm: `[B, S, D]` to `[B, S, D]`. */
export function residual(
  tokens: Tensor3D,
  part: (tokens: Tensor3D) => Tensor3D,
  norm: LayerNorm,
  { dropout, preNorm }: ResidualStyle,
  options: CallOptions,
): Tensor3D {
  return tidy(() => {
    const change = part(preNorm ? norm.call(tokens) : tokens);
    const dropped = dropout.active(options) === undefined ? change : dropout.call(change, options);
    return preNorm ? add(tokens, dropped) : norm.call(tokens, dropped);
  });
}
