import { expect, test } from "vitest";
import { placeOnAxis } from "./place-on-axis.ts";

test("centres of cells lie at half, and the cells at the border are repeated", () => {
  expect([0.25, 0.75, 1.25, 1.75].map((place) => placeOnAxis(place, 2))).toEqual([
    { low: 0, high: 1, share: 0 },
    { low: 0, high: 1, share: 0.25 },
    { low: 0, high: 1, share: 0.75 },
    { low: 1, high: 1, share: 0 },
  ]);
});

test("of one cell every place is that cell, and beyond the edges the border counts", () => {
  for (const place of [-3, 0, 0.5, 1, 7]) expect(placeOnAxis(place, 1)).toEqual({ low: 0, high: 0, share: 0 });
  expect(placeOnAxis(-1, 3)).toEqual({ low: 0, high: 1, share: 0 });
  expect(placeOnAxis(5, 3)).toEqual({ low: 2, high: 2, share: 0 });
});
