export type FixtureValues = Float32Array | Int32Array | Uint8Array;

/** A tensor of a fixture in plain memory, row-major, in the layout of the reference implementation. */
export interface FixtureTensor {
  readonly shape: readonly number[];
  readonly data: FixtureValues;
}

/** One recorded case: `<topic>/<name>.json`, with `<name>.safetensors` beside it where there are tensors. */
export interface Fixture {
  /** Name of the folder. */
  readonly topic: string;
  /** File name without its extension; says nothing about the case. */
  readonly name: string;
  /** Path of the case's first file (the JSON where there is one). */
  readonly file: string;
  /** Content of the JSON file; empty where there is none. */
  readonly json: Readonly<Record<string, unknown>>;
  /** Content of the safetensors file by name (`in.*`, `w.*`, `out.*`, `grad.*`); empty where there is none. */
  readonly tensors: ReadonlyMap<string, FixtureTensor>;
}

/** One number or tensor of a case, compared. */
export interface Comparison {
  /** What was compared; where it could not be, also why. */
  readonly what: string;
  /** Largest absolute difference. */
  readonly absolute: number;
  /** The same, divided by the largest magnitude that was expected. */
  readonly relative: number;
  readonly passed: boolean;
  /** What a reader must know of how it was compared, where that is not as recorded. Shown beside the result. */
  readonly note?: string;
}

/**
 * Runs detrkit's part on one case and compares. It may throw: that fails the case with the error's message. Tensors and
 * variables it leaves behind are freed by the caller.
 */
export type TopicRunner = (fixture: Fixture) => Promise<readonly Comparison[]>;
