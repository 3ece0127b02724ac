import { type CallOptions, type LayerNorm, Module } from "@detrkit/nn";
import { clone, type Tensor3D, tidy } from "@tensorflow/tfjs-core";
import type { EncoderInputs, EncoderLayer } from "./encoder-layer.ts";

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
  call(inputs: EncoderInputs, options: CallOptions = {}): Tensor3D {
    return tidy(() => {
      const memory = this.layers.reduce((tokens, layer) => layer.call({ ...inputs, tokens }, options), inputs.tokens);
      return this.norm === undefined ? clone(memory) : this.norm.call(memory);
    });
  }
}
