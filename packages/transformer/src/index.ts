export { DecoderLayer } from "./decoder-layer.ts";
export { DenseAttention } from "./dense-attention.ts";
export { EncoderLayer } from "./encoder-layer.ts";
export { TransformerDecoder } from "./transformer-decoder.ts";
export { TransformerEncoder } from "./transformer-encoder.ts";
export { Transformer } from "./transformer.ts";

export type {
  AttendedPlaces,
  Attention,
  AttentionFactory,
  AttentionInputs,
  ObservedAttention,
  Position,
  TransformerCallOptions,
} from "./attention.ts";
export type { DecoderLayerConfig } from "./decoder-layer.ts";
export type { EncoderInputs, EncoderLayerConfig } from "./encoder-layer.ts";
export type { DecoderInputs, QueryPlaces, TransformerDecoderConfig } from "./transformer-decoder.ts";
export type { TransformerEncoderConfig } from "./transformer-encoder.ts";
export type { TransformerConfig, TransformerInputs, TransformerOutput } from "./transformer.ts";
