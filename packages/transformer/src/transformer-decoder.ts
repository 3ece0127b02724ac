import { ConfigError } from "@detrkit/common";
import { type LayerNorm, Module } from "@detrkit/nn";
import { dispose, stack, type Tensor3D, type Tensor4D, tidy } from "@tensorflow/tfjs-core";
import type { AttentionInputs, TransformerCallOptions } from "./attention.ts";
import type { DecoderLayer } from "./decoder-layer.ts";

/** The layers of a {@link TransformerDecoder}, and what happens to their states. */
export interface TransformerDecoderConfig {
  /** At least one. */
  readonly layers: readonly DecoderLayer[];
  /** Applied to what each layer returns, the same for all. Default none. */
  readonly norm?: LayerNorm | undefined;
  /** Whether the states of all layers are returned, or only of the last. Default true. */
  readonly returnIntermediate?: boolean;
}

/** Positions and reference points of queries, in the forms that attentions use. */
export type QueryPlaces = Partial<Pick<AttentionInputs, "queryPosition" | "referencePoints" | "spatialQuery">>;

/** What a decoder works on. `B` images, `Q` queries, `D` width, `L` levels. */
export interface DecoderInputs extends AttentionInputs {
  /**
   * Called with the queries after each layer `[B, Q, D]`, before the norm, and the layer's number from 0. Returns
   * positions and reference points for the next layer; those left out stay as they are. The queries are freed once the
   * decoder is done; the caller owns what this returns.
   */
  readonly moveQueries?: ((queries: Tensor3D, layer: number) => QueryPlaces | undefined) | undefined;
}

/** Decoder layers one after the other, and a norm that all their states share. */
export class TransformerDecoder extends Module {
  readonly layers: readonly DecoderLayer[];
  readonly norm: LayerNorm | undefined;
  readonly #returnIntermediate: boolean;

  constructor({ layers, norm, returnIntermediate = true }: TransformerDecoderConfig) {
    super();
    if (layers.length === 0) throw new ConfigError("TransformerDecoder: needs at least one layer");
    this.layers = layers;
    this.norm = norm;
    this.#returnIntermediate = returnIntermediate;
  }

  /**
   * @returns the states of the layers, normalised where there is a norm `[L, B, Q, D]`; `L` is 1 without
   * `returnIntermediate`
   */
  call(inputs: DecoderInputs, options: TransformerCallOptions = {}): Tensor4D {
    const { moveQueries, ...attentionInputs } = inputs;
    const states: Tensor3D[] = [];
    let places: QueryPlaces = {};
    // Not in a `tidy`: it would free what the caller makes between the layers.
    this.layers.forEach((layer, index) => {
      const state = layer.call({ ...attentionInputs, ...places, queries: states.at(-1) ?? inputs.queries }, options);
      states.push(state);
      places = { ...places, ...moveQueries?.(state, index) };
    });
    const result = tidy(() => {
      // Stacked before the norm, so that the norm, and heads that all layers share, run once whatever the number of
      // layers.
      const stacked = stack(this.#returnIntermediate ? states : states.slice(-1)) as Tensor4D;
      return this.norm === undefined ? stacked : this.norm.call(stacked);
    });
    dispose(states);
    return result;
  }
}
