import { ConfigError } from "@detrkit/common";
import { type CallOptions, type LayerNorm, Module } from "@detrkit/nn";
import { stack, type Tensor3D, type Tensor4D, tidy } from "@tensorflow/tfjs-core";
import type { AttentionInputs } from "./attention.ts";
import type { DecoderLayer } from "./decoder-layer.ts";

export interface TransformerDecoderConfig {
  /** At least one. */
  readonly layers: readonly DecoderLayer[];
  /** Applied to what each layer returns, the same for all. */
  readonly norm: LayerNorm;
  /** Whether the states of all layers are returned, or of the last alone. Default true. */
  readonly returnIntermediate?: boolean;
}

/** Decoder layers one after the other, and a norm that all their states share. */
export class TransformerDecoder extends Module {
  readonly layers: readonly DecoderLayer[];
  readonly norm: LayerNorm;
  readonly #returnIntermediate: boolean;

  constructor({ layers, norm, returnIntermediate = true }: TransformerDecoderConfig) {
    super();
    if (layers.length === 0) throw new ConfigError("TransformerDecoder: needs at least one layer");
    this.layers = layers;
    this.norm = norm;
    this.#returnIntermediate = returnIntermediate;
  }

  /** @returns the normalised states of the layers `[L, B, Q, D]`; `L` is 1 without `returnIntermediate` */
  call(inputs: AttentionInputs, options: CallOptions = {}): Tensor4D {
    return tidy(() => {
      const states: Tensor3D[] = [];
      for (const layer of this.layers) {
        states.push(layer.call({ ...inputs, queries: states.at(-1) ?? inputs.queries }, options));
      }
      // Stacked before the norm, so that the norm, and heads that all layers share, run once whatever the number of layers.
      return this.norm.call(stack(this.#returnIntermediate ? states : states.slice(-1)) as Tensor4D);
    });
  }
}
