import { Random } from "@detrkit/common";
import { expect, test } from "vitest";
import { linearSumAssignment } from "./linear-sum-assignment.ts";

/** Least total over all ways to choose, by trying them: for a handful of rows only. */
function leastByTrying(cost: Float64Array, rows: number, columns: number): number {
  if (rows > columns) return leastByTrying(transpose(cost, rows, columns), columns, rows);
  const used = new Set<number>();
  const from = (row: number): number => {
    if (row === rows) return 0;
    let least = Infinity;
    for (let column = 0; column < columns; column++) {
      if (used.has(column)) continue;
      used.add(column);
      least = Math.min(least, (cost[row * columns + column] as number) + from(row + 1));
      used.delete(column);
    }
    return least;
  };
  return from(0);
}

function transpose(cost: Float64Array, rows: number, columns: number): Float64Array {
  return cost.map((_, at) => cost[(at % rows) * columns + Math.floor(at / rows)] as number);
}

function randomCosts(
  rows: number,
  columns: number,
  seed: number,
  draw = (random: Random) => random.normal(),
): Float64Array {
  const random = new Random(seed);
  return Float64Array.from({ length: rows * columns }, () => draw(random));
}

function total(cost: Float64Array, columns: number, pairs: ReturnType<typeof linearSumAssignment>): number {
  return pairs.rows.reduce(
    (sum, row, pair) => sum + (cost[row * columns + (pairs.columns[pair] as number)] as number),
    0,
  );
}

test("a problem worked out by hand", () => {
  const { rows, columns } = linearSumAssignment(Float64Array.from([4, 1, 3, 2, 0, 5, 3, 2, 2]), 3, 3);
  expect([...rows]).toEqual([0, 1, 2]);
  expect([...columns]).toEqual([1, 0, 2]);
});

test("more rows than columns leave rows out, more columns than rows leave columns out", () => {
  const tall = linearSumAssignment(Float64Array.from([9, 8, 1, 9, 7, 2]), 3, 2);
  expect([[...tall.rows], [...tall.columns]]).toEqual([
    [1, 2],
    [0, 1],
  ]);
  const wide = linearSumAssignment(Float64Array.from([9, 1, 7, 8, 9, 2]), 2, 3);
  expect([[...wide.rows], [...wide.columns]]).toEqual([
    [0, 1],
    [1, 2],
  ]);
});

test("no other choice is cheaper, whatever the shape, with ties and without", () => {
  const shapes: [number, number][] = [
    [1, 7],
    [7, 1],
    [5, 5],
    [6, 3],
    [3, 6],
    [7, 7],
    [2, 7],
  ];
  for (const [rows, columns] of shapes) {
    for (let seed = 0; seed < 20; seed++) {
      for (const draw of [(random: Random) => random.normal(), (random: Random) => random.integer(0, 3)]) {
        const cost = randomCosts(rows, columns, seed, draw);
        const pairs = linearSumAssignment(cost, rows, columns);
        expect(pairs.rows).toHaveLength(Math.min(rows, columns));
        expect(new Set(pairs.rows).size).toBe(pairs.rows.length);
        expect(new Set(pairs.columns).size).toBe(pairs.rows.length);
        expect([...pairs.rows]).toEqual([...pairs.rows].toSorted((a, b) => a - b));
        expect(total(cost, columns, pairs)).toBeCloseTo(leastByTrying(cost, rows, columns), 12);
      }
    }
  }
});

test("rows that all want the same columns are settled at least cost", () => {
  // Every row ranks the columns alike, so all searches run through the columns taken before; c(i, j) = i·j is least
  // backwards.
  const size = 61;
  const cost = Float64Array.from({ length: size * size }, (_, at) => Math.floor(at / size) * (at % size));
  const { columns } = linearSumAssignment(cost, size, size);
  expect([...columns]).toEqual(Array.from({ length: size }, (_, row) => size - 1 - row));
});

test("turning the matrix turns the pairs", () => {
  const cost = randomCosts(43, 17, 5, (random) => random.uniform() + random.uniform());
  const straight = linearSumAssignment(cost, 43, 17);
  const turned = linearSumAssignment(transpose(cost, 43, 17), 17, 43);
  const pairs = (rows: Int32Array, columns: Int32Array): string[] =>
    [...rows].map((row, pair) => `${row}-${columns[pair]}`).toSorted();
  expect(pairs(straight.rows, straight.columns)).toEqual(pairs(turned.columns, turned.rows));
});

test("a crowded tall problem costs as much as the same one lying", () => {
  const random = new Random(11);
  const favour = Array.from({ length: 90 }, () => random.uniform());
  const cost = Float64Array.from(
    { length: 90 * 31 },
    (_, at) => (favour[Math.floor(at / 31)] as number) + 0.05 * random.uniform(),
  );
  const tall = total(cost, 31, linearSumAssignment(cost, 90, 31));
  const lying = transpose(cost, 90, 31);
  expect(tall).toBeCloseTo(total(lying, 90, linearSumAssignment(lying, 31, 90)), 12);
});

test("single precision costs give the pairs of the same numbers in double precision", () => {
  const cost = Float32Array.from(randomCosts(13, 7, 3));
  expect(linearSumAssignment(cost, 13, 7)).toEqual(linearSumAssignment(Float64Array.from(cost), 13, 7));
});

test("the costs are left alone", () => {
  const cost = randomCosts(7, 5, 4);
  const before = cost.slice();
  linearSumAssignment(cost, 7, 5);
  expect(cost).toEqual(before);
});

test("no rows or no columns give no pairs", () => {
  for (const [rows, columns] of [
    [0, 0],
    [0, 5],
    [5, 0],
  ] as const) {
    expect(linearSumAssignment(new Float64Array(0), rows, columns).rows).toHaveLength(0);
  }
});

test("+Infinity forbids a pair, and too many of them are an error", () => {
  const { columns } = linearSumAssignment(Float64Array.from([0, 1, Infinity, 0]), 2, 2);
  expect([...columns]).toEqual([0, 1]);
  expect(() => linearSumAssignment(Float64Array.from([1, Infinity, 2, Infinity]), 2, 2)).toThrow(
    "make 2 pairs impossible",
  );
  expect(() => linearSumAssignment(Float64Array.from([Infinity, Infinity, 1, 2]), 2, 2)).toThrow(
    expect.objectContaining({ code: "ERR_INFEASIBLE" }),
  );
});

test("NaN and -Infinity are refused with their place in the caller's matrix", () => {
  expect(() => linearSumAssignment(Float64Array.from([1, 2, 3, NaN, 5, 6]), 2, 3)).toThrow("cost[1, 0] is NaN");
  expect(() => linearSumAssignment(Float64Array.from([1, 2, 3, 4, 5, -Infinity]), 3, 2)).toThrow(
    "cost[2, 1] is -Infinity",
  );
});

test("a matrix of another size than stated is refused", () => {
  expect(() => linearSumAssignment(new Float64Array(5), 2, 3)).toThrow("cost expected [2, 3] as 6 numbers, got 5");
});
