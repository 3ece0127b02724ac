import { Tensor } from "@tensorflow/tfjs-core";
import { assert } from "vitest";

/** Numbers in any depth of nesting. */
export type NestedNumbers = number | readonly NestedNumbers[];

/** What can be compared: a tensor, nested lists, or flat values (whose shape is then not compared). */
export type Comparable = Tensor | NestedNumbers | Float32Array | Float64Array | Int32Array | Uint8Array;

export interface Closeness {
  /** Allowed error relative to the expected value. Default 1e-5. */
  readonly rtol?: number;
  /** Allowed error on top of it. Default 1e-6. */
  readonly atol?: number;
}

/**
 * Expects `|actual - expected| <= rtol * |expected| + atol` for every entry, and equal shapes where both have one.
 * Infinities must be the same; NaN fails. Tensors are read, never freed.
 */
export function expectClose(
  actual: Comparable,
  expected: Comparable,
  { rtol = 1e-5, atol = 1e-6 }: Closeness = {},
): void {
  const got = flatten(actual);
  const want = flatten(expected);
  if (got.shape !== undefined && want.shape !== undefined && got.shape.join() !== want.shape.join()) {
    assert.fail(`expected shape [${want.shape.join(", ")}], got [${got.shape.join(", ")}]`);
  }
  if (got.values.length !== want.values.length)
    assert.fail(`expected ${want.values.length} values, got ${got.values.length}`);
  const wrong: string[] = [];
  for (let index = 0; index < want.values.length; index++) {
    const gotValue = got.values[index] as number;
    const wantValue = want.values[index] as number;
    if (gotValue === wantValue || Math.abs(gotValue - wantValue) <= rtol * Math.abs(wantValue) + atol) continue;
    wrong.push(
      `at [${coordinates(index, got.shape ?? want.shape).join(", ")}]: expected ${wantValue}, got ${gotValue}`,
    );
  }
  if (wrong.length > 0) {
    assert.fail(
      `${wrong.length} of ${want.values.length} values are off ` +
        `(rtol ${rtol}, atol ${atol}):\n${wrong.slice(0, 8).join("\n")}`,
    );
  }
}

interface Flat {
  /** Undefined where only flat values were given. */
  readonly shape: readonly number[] | undefined;
  readonly values: ArrayLike<number>;
}

function flatten(value: Comparable): Flat {
  if (value instanceof Tensor) return { shape: value.shape, values: value.dataSync() };
  if (ArrayBuffer.isView(value)) return { shape: undefined, values: value };
  const shape: number[] = [];
  for (let level: NestedNumbers | undefined = value; typeof level === "object"; level = level[0])
    shape.push(level.length);
  return { shape, values: flattenDeep(value) };
}

function flattenDeep(value: NestedNumbers): number[] {
  return typeof value === "number" ? [value] : value.flatMap(flattenDeep);
}

function coordinates(flatIndex: number, shape: readonly number[] | undefined): number[] {
  const position: number[] = [];
  let rest = flatIndex;
  for (const size of (shape ?? []).toReversed()) {
    position.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return shape === undefined ? [flatIndex] : position;
}
