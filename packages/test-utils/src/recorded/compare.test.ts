import { expect, test } from "vitest";
import { check, compareExactly, compareNumbers, compareTensor, toleranceOf } from "./compare.ts";
import type { Fixture } from "./case.ts";

const exact = { rtol: 0, atol: 0 };

function fixtureWith(tolerance: unknown): Fixture {
  const want = { shape: [2, 3], data: Float32Array.of(0, 1, -4, 2, 0, 1) };
  return { topic: "t", name: "n", file: "t/n.json", json: { tolerance }, tensors: new Map([["out.x", want]]) };
}

test("the limit is rtol times the largest expected magnitude plus atol", () => {
  const fixture = fixtureWith({ out: { rtol: 0.25, atol: 0.5 } });
  const atLimit = compareTensor(fixture, "out", "out.x", [1.5, 1, -4, 2, 0, 1]);
  expect(atLimit).toEqual({ what: "out.x", absolute: 1.5, relative: 0.375, passed: true });
  const beyond = compareTensor(fixture, "out", "out.x", [1.75, 1, -4, 2, 0, 1]);
  expect(beyond).toMatchObject({ what: "out.x: off by 1.75, allowed 1.50", passed: false });
});

test("a tensor of another shape fails though its values agree", () => {
  const fixture = fixtureWith({ out: exact });
  const { data } = fixture.tensors.get("out.x") ?? { data: new Float32Array() };
  expect(compareTensor(fixture, "out", "out.x", { shape: [3, 2], data })).toMatchObject({
    passed: false,
    what: "out.x: expected shape [2, 3], got [3, 2]",
  });
  expect(compareTensor(fixture, "out", "out.x", { shape: [2, 3], data }).passed).toBe(true);
});

test("infinities must be the same, and NaN fails even against NaN", () => {
  const loose = { rtol: 1, atol: 100 };
  expect(compareNumbers("x", [Infinity, 1], [Infinity, 1], loose).passed).toBe(true);
  expect(compareNumbers("x", [-Infinity, 1], [Infinity, 1], loose)).toMatchObject({
    passed: false,
    what: "x[0]: expected Infinity, got -Infinity",
  });
  expect(compareNumbers("x", [5, 1], [Infinity, 1], loose).passed).toBe(false);
  expect(compareNumbers("x", [0, NaN], [0, 1], loose).passed).toBe(false);
  expect(compareNumbers("x", [NaN], [NaN], loose).passed).toBe(false);
});

test("positions left out do not count, neither their error nor their magnitude", () => {
  const result = compareNumbers(
    "x",
    [1, NaN, 3],
    [2, 1000, 4],
    { rtol: 0.25, atol: 0 },
    { where: (index) => index !== 1 },
  );
  expect(result).toEqual({ what: "x", absolute: 1, relative: 0.25, passed: true });
});

test("a missing or extra value fails", () => {
  expect(compareExactly("x", [1, 2], [1, 2, 3])).toMatchObject({ passed: false, what: "x: expected 3 values, got 2" });
  expect(compareExactly("x", [], []).passed).toBe(true);
});

test("a case without a tolerance for a group gets the fixtures' floor", () => {
  expect(toleranceOf(fixtureWith(undefined), "out")).toEqual({ rtol: 1e-5, atol: 1e-6 });
  expect(toleranceOf(fixtureWith({ out: exact }), "grad.w")).toEqual({ rtol: 3e-5, atol: 1e-6 });
  expect(() => toleranceOf(fixtureWith({ out: "equal" }), "out")).toThrow(
    't/n.json: tolerance.out expected { rtol, atol }, got "equal"',
  );
});

test("an unknown tensor is named", () => {
  expect(() => compareTensor(fixtureWith({}), "out", "out.y", [])).toThrow('t/n.json: has no tensor "out.y"');
});

test("a false statement fails with its own words", () => {
  expect(check("rows are sorted", true).passed).toBe(true);
  expect(check("rows are sorted", false)).toMatchObject({ what: "rows are sorted", passed: false });
});
