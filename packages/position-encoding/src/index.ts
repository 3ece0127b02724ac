export { LearnedPositionEncoding } from "./learned-position-encoding.ts";
export { SinePositionEncoding } from "./sine-position-encoding.ts";

export type { LearnedPositionEncodingConfig } from "./learned-position-encoding.ts";
export type { EncodedMap, PositionEncoding } from "./position-encoding.ts";
export type { SinePositionEncodingConfig, SineSettings } from "./sine-settings.ts";
