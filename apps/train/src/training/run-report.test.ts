import { expect, test } from "vitest";
import { truthBoxes } from "./run-report.ts";

test("drawn objects carry their class's name and the id that predictions have too", () => {
  const record = {
    id: 5,
    name: "a.jpg",
    source: "/x/a.jpg",
    width: 101,
    height: 67,
    boxes: Float64Array.of(2, 3, 13, 20, 1, 1, 8, 6),
    labels: Int32Array.of(1, 0),
    crowd: Uint8Array.of(0, 1),
    areas: Float64Array.of(187, 35),
    annotationIds: Float64Array.of(71, 73),
  } as const;
  expect(truthBoxes(record, { classes: ["cat", "dog"], categoryIds: [17, 19] })).toEqual([
    { label: "dog", labelId: 19, box: { xmin: 2, ymin: 3, xmax: 13, ymax: 20 } },
    { label: "cat", labelId: 17, box: { xmin: 1, ymin: 1, xmax: 8, ymax: 6 } },
  ]);
});
