import { Random } from "@detrkit/common";
import { expect, test } from "vitest";
import { selfCrossing } from "./polygon-crossing.ts";

test("a bow tie crosses itself in the middle, from whichever point it is drawn", () => {
  const bow = [
    [0, 0],
    [6, 4],
    [6, 0],
    [0, 4],
  ];
  for (let start = 0; start < 4; start++) {
    const turned = [...bow.slice(start), ...bow.slice(0, start)];
    expect(selfCrossing(turned.flat())).toEqual({ x: 3, y: 2 });
    expect(selfCrossing(turned.toReversed().flat())).toEqual({ x: 3, y: 2 });
  }
});

test("outlines that only touch, come back or repeat a point do not cross", () => {
  for (const polygon of [
    [0, 0, 5, 0, 5, 5, 0, 5],
    // Closed by its first point once more, a point twice, and an edge walked back and forth.
    [0, 0, 5, 0, 5, 5, 0, 5, 0, 0],
    [0, 0, 5, 0, 5, 0, 5, 5, 0, 5],
    [0, 0, 5, 0, 9, 0, 5, 0, 5, 5, 0, 5],
    // Two corners meet in a point.
    [0, 0, 3, 3, 6, 0, 6, 6, 3, 3, 0, 6],
    // Two upright edges on each other.
    [2, 0, 2, 9, 4, 9, 4, 0, 2, 0, 2, 4],
    [1, 1, 2, 2],
    [],
  ])
    expect(selfCrossing(polygon)).toBeUndefined();
});

test("of random polygons, those with a crossing are found as by every pair", () => {
  const random = new Random(5);
  const half = (value: number): number => Math.round(2 * value) / 2;
  let crossing = 0;
  for (let round = 0; round < 400; round++) {
    const points = Array.from({ length: random.integer(3, 7) }, () => [
      half(random.uniform() * 12),
      half(random.uniform() * 12),
    ]) as [number, number][];
    const turn = ([ax, ay]: number[], [bx, by]: number[], [cx, cy]: number[]): number =>
      Math.sign(((bx ?? 0) - (ax ?? 0)) * ((cy ?? 0) - (ay ?? 0)) - ((by ?? 0) - (ay ?? 0)) * ((cx ?? 0) - (ax ?? 0)));
    const edge = (at: number): [number[], number[]] => [points[at] ?? [], points[(at + 1) % points.length] ?? []];
    const expected = points.some((_, one) =>
      points.some((__, two) => {
        const [[a, b], [c, d]] = [edge(one), edge(two)];
        return two > one && turn(a, b, c) * turn(a, b, d) < 0 && turn(c, d, a) * turn(c, d, b) < 0;
      }),
    );
    const found = selfCrossing(points.flat());
    expect(found !== undefined).toBe(expected);
    if (expected) crossing++;
  }
  expect(crossing).toBeGreaterThan(100);
  expect(crossing).toBeLessThan(390);
});

test("a star of a hundred thousand points takes no longer than it may", () => {
  const points = Array.from({ length: 100_000 }, (_, at) => [at % 2 === 0 ? 0 : 50_000, at / 2]).flat();
  const before = performance.now();
  selfCrossing(points);
  expect(performance.now() - before).toBeLessThan(5000);
});
