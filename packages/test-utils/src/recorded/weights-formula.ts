import { DataError } from "@detrkit/common";
import type { Fixture, FixtureTensor } from "./case.ts";

/** 32-bit FNV-1a hash of a text's UTF-8 bytes. */
export function fnv(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/** Spreads a 32-bit integer over the whole range. */
export function mix32(value: number): number {
  let mixed = value ^ (value >>> 16);
  mixed = Math.imul(mixed, 0x7feb352d);
  mixed ^= mixed >>> 15;
  mixed = Math.imul(mixed, 0x846ca68b);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** The number in `[-1, 1)` that belongs to element `index` of the tensor `key`. */
export function unit(seed: number, key: string, index: number): number {
  return unitOfHash(fnv(`${seed}:${key}`), index);
}

/** A weight in PyTorch's layout, computed from its state-dict key and the seed alone. */
export function formulaWeight(seed: number, key: string, shape: readonly number[]): Float32Array {
  const hash = fnv(`${seed}:${key}`);
  const values = new Float32Array(shape.reduce((product, size) => product * size, 1));
  const { centre, halfWidth } = rangeOf(key, shape);
  for (let index = 0; index < values.length; index++)
    values[index] = centre + halfWidth(index) * unitOfHash(hash, index);
  return values;
}

/**
 * The case's weight by state-dict key: as stored (`w.<key>`), else from the formula when the case names its seed.
 *
 * @param prefix - what the formula's key has before the stored one (a bare part stores `conv1.weight`, say)
 */
export function weightOf(fixture: Fixture, key: string, shape: readonly number[], prefix = ""): FixtureTensor {
  const stored = fixture.tensors.get(`w.${key}`);
  if (stored !== undefined) return stored;
  const seed = (fixture.json["weights"] as { readonly formula_seed?: unknown } | undefined)?.formula_seed;
  if (typeof seed !== "number")
    throw new DataError(`${fixture.file}: neither stores w.${key} nor gives weights.formula_seed`);
  return { shape, data: formulaWeight(seed, `${prefix}${key}`, shape) };
}

interface Range {
  readonly centre: number;
  /** By flat index: the rows of an attention's joint projection differ. */
  readonly halfWidth: (index: number) => number;
}

function rangeOf(key: string, shape: readonly number[]): Range {
  const range = (centre: number, halfWidth: number): Range => ({ centre, halfWidth: () => halfWidth });
  if (key.endsWith("running_var")) return range(1, 0.3);
  if (key.endsWith("running_mean")) return range(0, 0.2);
  if (key.endsWith("bn3.weight")) return range(0.4, 0.1);
  if (/(bn[0-9]|downsample\.1)\.bias$/.test(key)) return range(-0.25, 0.1);
  if (/(query_embed\.weight|row_embed\.weight|col_embed\.weight|level_embed)$/.test(key)) return range(0, 1);
  if (key.endsWith("sampling_offsets.bias")) return range(0, 2);
  if (shape.length >= 2) return matrixRange(key, shape);
  return key.endsWith("weight") ? range(1, 0.25) : range(0, 0.1);
}

function matrixRange(key: string, shape: readonly number[]): Range {
  const fanIn = shape.slice(1).reduce((product, size) => product * size, 1);
  const halfWidth = (gain: number): number => Math.sqrt((3 * gain) / fanIn);
  if (key.endsWith("in_proj_weight")) {
    const queryAndKey = halfWidth(8);
    const value = halfWidth(1);
    const valueStart = 2 * fanIn * fanIn;
    return { centre: 0, halfWidth: (index) => (index < valueStart ? queryAndKey : value) };
  }
  const constant = halfWidth(matrixGain(key, shape));
  return { centre: 0, halfWidth: () => constant };
}

function matrixGain(key: string, shape: readonly number[]): number {
  if (shape.length === 4 && key.includes("backbone.")) return 2;
  if (key.includes("class_embed") || (key.includes("bbox_embed") && key.endsWith("layers.2.weight"))) return 4;
  if (key.includes("bbox_attention")) return 8;
  if (key.endsWith("out_proj.weight") || key.endsWith("output_proj.weight")) return 0.1;
  return key.endsWith("linear2.weight") ? 0.5 : 1;
}

function unitOfHash(hash: number, index: number): number {
  return (mix32(hash ^ mix32(index)) >>> 8) * 2 ** -23 - 1;
}
