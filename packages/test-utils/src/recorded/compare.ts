import { DataError } from "@detrkit/common";
import type { Comparison, Fixture, FixtureTensor } from "./case.ts";

/** `max|got - want| <= rtol * max|want| + atol` over the finite entries of one tensor. */
export interface Tolerance {
  readonly rtol: number;
  readonly atol: number;
}

export interface CompareOptions {
  /** Which entries count, by flat index. Default: all. */
  readonly where?: ((index: number) => boolean) | undefined;
}

/** What the fixtures' own tolerances never go below: used for a group that a case says nothing about. */
const floor = { out: { rtol: 1e-5, atol: 1e-6 }, gradient: { rtol: 3e-5, atol: 1e-6 } } as const;

/** The case's tolerance for a group (`out`, `grad.in`, `grad.w`, …). */
export function toleranceOf(fixture: Fixture, group: string): Tolerance {
  const stated = (fixture.json["tolerance"] as Readonly<Record<string, unknown>> | undefined)?.[group];
  if (stated === undefined) return group.startsWith("grad") ? floor.gradient : floor.out;
  const { rtol, atol } = stated as Partial<Tolerance>;
  if (typeof rtol !== "number" || typeof atol !== "number") {
    throw new DataError(`${fixture.file}: tolerance.${group} expected { rtol, atol }, got ${JSON.stringify(stated)}`);
  }
  return { rtol, atol };
}

/** A tensor of the case; the error names it when it is not there. */
export function tensorOf(fixture: Fixture, name: string): FixtureTensor {
  const tensor = fixture.tensors.get(name);
  if (tensor === undefined) throw new DataError(`${fixture.file}: has no tensor "${name}"`);
  return tensor;
}

/**
 * Compares a result with the case's tensor `name` within the case's tolerance for `group`.
 *
 * @param got - a tensor (its shape is compared too) or its values in the same order
 */
export function compareTensor(
  fixture: Fixture,
  group: string,
  name: string,
  got: FixtureTensor | ArrayLike<number>,
  options: CompareOptions = {},
): Comparison {
  const want = tensorOf(fixture, name);
  if ("shape" in got && got.shape.join() !== want.shape.join()) {
    return failed(`${name}: expected shape [${want.shape.join(", ")}], got [${got.shape.join(", ")}]`);
  }
  return compareNumbers(name, "shape" in got ? got.data : got, want.data, toleranceOf(fixture, group), options);
}

/** Compares those of the results that the case has, under `out.NAME` where the group is `out`. */
export function compareRecorded(
  fixture: Fixture,
  group: string,
  results: Readonly<Record<string, FixtureTensor | ArrayLike<number>>>,
): Comparison[] {
  return Object.entries(results)
    .filter(([name]) => fixture.tensors.has(`${group}.${name}`))
    .map(([name, got]) => compareTensor(fixture, group, `${group}.${name}`, got));
}

/** Compares numbers within a tolerance. Infinities must be the same; NaN fails wherever it is. */
export function compareNumbers(
  what: string,
  got: ArrayLike<number>,
  want: ArrayLike<number>,
  { rtol, atol }: Tolerance,
  { where }: CompareOptions = {},
): Comparison {
  if (got.length !== want.length) return failed(`${what}: expected ${want.length} values, got ${got.length}`);
  let absolute = 0;
  let magnitude = 0;
  for (let index = 0; index < want.length; index++) {
    if (where !== undefined && !where(index)) continue;
    const gotValue = got[index] as number;
    const wantValue = want[index] as number;
    if (Number.isFinite(gotValue) && Number.isFinite(wantValue)) {
      absolute = Math.max(absolute, Math.abs(gotValue - wantValue));
      magnitude = Math.max(magnitude, Math.abs(wantValue));
    } else if (gotValue !== wantValue) {
      return failed(`${what}[${index}]: expected ${wantValue}, got ${gotValue}`);
    }
  }
  const limit = rtol * magnitude + atol;
  const passed = absolute <= limit;
  // An expected tensor of nothing but zeros has no scale to be relative to.
  const relative = magnitude === 0 ? 0 : absolute / magnitude;
  return {
    what: passed ? what : `${what}: off by ${absolute.toPrecision(3)}, allowed ${limit.toPrecision(3)}`,
    absolute,
    relative,
    passed,
  };
}

/** Compares numbers that must be the same: indices, labels, sizes, booleans. */
export function compareExactly(
  what: string,
  got: ArrayLike<number>,
  want: ArrayLike<number>,
  options: CompareOptions = {},
): Comparison {
  return compareNumbers(what, got, want, { rtol: 0, atol: 0 }, options);
}

/** A comparison for something that is true or not. */
export function check(what: string, passed: boolean): Comparison {
  return passed ? { what, absolute: 0, relative: 0, passed } : failed(what);
}

function failed(what: string): Comparison {
  return { what, absolute: Infinity, relative: Infinity, passed: false };
}
