import { type LayerNorm, Module } from "@detrkit/nn";
import { clone, dispose, type Tensor3D, tidy } from "@tensorflow/tfjs-core";
import type { TransformerCallOptions } from "./attention.ts";
import type { EncoderInputs, EncoderLayer } from "./encoder-layer.ts";

/** The layers of a {@link TransformerEncoder}. */
export interface TransformerEncoderConfig {
  readonly layers: readonly EncoderLayer[];
  /** Applied at the end, where the layers normalise before their parts. Default none. */
  readonly norm?: LayerNorm;
}

/** Encoder layers one after the other. */
export class TransformerEncoder extends Module {
  readonly layers: readonly EncoderLayer[];
  readonly norm: LayerNorm | undefined;

  constructor({ layers, norm }: TransformerEncoderConfig) {
    super();
    this.layers = layers;
    this.norm = norm;
  }

  /** @returns the memory `[B, S, D]` */
  call(inputs: EncoderInputs, options: TransformerCallOptions = {}): Tensor3D {
    return tidy(() => {
      let tokens = inputs.tokens;
      for (const layer of this.layers) {
        const next = layer.call({ ...inputs, tokens }, options);
        // With many tokens each layer's output is large: it is freed once the next layer has used it.
        if (tokens !== inputs.tokens) dispose(tokens);
        tokens = next;
      }
      if (this.norm !== undefined) return this.norm.call(tokens);
      return tokens === inputs.tokens ? clone(tokens) : tokens;
    });
  }
}
