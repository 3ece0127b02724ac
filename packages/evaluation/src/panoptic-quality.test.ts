import { join } from "node:path";
import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import type { PanopticEvaluation, PanopticSegment, PanopticSegmentation } from "./index.ts";
import { PanopticQuality } from "./index.ts";

const [person, dog, sky] = [1, 18, 187];
const categories = [
  { id: person, isThing: true },
  { id: dog, isThing: true },
  { id: sky, isThing: false },
];

/** An image of one row, a digit for the segment of each pixel; the class of each segment. */
function row(
  digits: string,
  classes: Readonly<Record<number, number | Partial<PanopticSegment>>>,
): PanopticSegmentation {
  const segments = Object.entries(classes).map(([id, given]) => ({
    id: Number(id),
    categoryId: person,
    ...(typeof given === "number" ? { categoryId: given } : given),
  }));
  return { segmentIds: Int32Array.from(digits, Number), segments };
}

function evaluated(truth: PanopticSegmentation, prediction: PanopticSegmentation): PanopticEvaluation {
  const quality = new PanopticQuality({ categories });
  quality.add(1, truth, prediction);
  return quality.evaluate();
}

/** True positives, false positives, false negatives and sum of IoUs of a class. */
function countsOf({ perClass }: PanopticEvaluation, categoryId = person): readonly (number | undefined)[] {
  const found = perClass.find((each) => each.categoryId === categoryId);
  return [found?.truePositives, found?.falsePositives, found?.falseNegatives, found?.iouSum];
}

describe("one image, counted by hand", () => {
  test("a person found, a dog missed, the sky found whole", () => {
    // 4 of the person's 5 pixels are found; the sky takes the dog and the fifth.
    const result = evaluated(
      row("1111122333333", { 1: person, 2: dog, 3: sky }),
      row("7777888888888", { 7: person, 8: sky }),
    );
    expect(countsOf(result)).toEqual([1, 0, 0, 4 / 5]);
    expect(countsOf(result, dog)).toEqual([0, 0, 1, 0]);
    expect(countsOf(result, sky)).toEqual([1, 0, 0, 6 / 9]);
    expect(result.perClass[1]).toMatchObject({ PQ: 0, SQ: 0, RQ: 0, isThing: true });
    expect(result.things).toEqual({ PQ: 0.4, SQ: 0.4, RQ: 0.5, n: 2 });
    expect(result.stuff).toEqual({ PQ: 6 / 9, SQ: 6 / 9, RQ: 1, n: 1 });
    expect(result.all.PQ).toBeCloseTo((0.8 + 6 / 9) / 3, 12);
    expect(result.all.n).toBe(3);
  });

  test("an IoU of exactly one half is none", () => {
    expect(countsOf(evaluated(row("1111", { 1: person }), row("7700", { 7: person })))).toEqual([0, 1, 1, 0]);
    expect(countsOf(evaluated(row("11110", { 1: person }), row("77700", { 7: person })))).toEqual([1, 0, 0, 0.75]);
  });

  test("pixels that the ground truth leaves void don't count in the union", () => {
    expect(countsOf(evaluated(row("1110000", { 1: person }), row("7777777", { 7: person })))).toEqual([1, 0, 0, 1]);
  });

  test("a prediction of which more than half lies in void is no mistake", () => {
    expect(countsOf(evaluated(row("0001", { 1: dog }), row("7777", { 7: person })))).toEqual([0, 0, 0, 0]);
    expect(countsOf(evaluated(row("0011", { 1: dog }), row("7777", { 7: person })))).toEqual([0, 1, 0, 0]);
  });

  test("a crowd is neither found nor missed, and takes the mistakes within it, of its class only", () => {
    const truth = row("111111", { 1: { isCrowd: true } });
    expect(countsOf(evaluated(truth, row("777888", { 7: person, 8: person })))).toEqual([0, 0, 0, 0]);
    expect(countsOf(evaluated(truth, row("777777", { 7: dog })), dog)).toEqual([0, 1, 0, 0]);
    // A quarter in void and a half in the crowd are more than half together.
    const mixed = row("011223", { 1: { isCrowd: true }, 2: dog, 3: dog });
    expect(countsOf(evaluated(mixed, row("777700", { 7: person })))).toEqual([0, 0, 0, 0]);
  });

  test("of two crowds of a class the one that is listed last counts", () => {
    const truth = row("1111122", { 1: { isCrowd: true }, 2: { isCrowd: true } });
    expect(countsOf(evaluated(truth, row("7777700", { 7: person })))).toEqual([0, 1, 0, 0]);
    expect(countsOf(evaluated(truth, row("0000077", { 7: person })))).toEqual([0, 0, 0, 0]);
  });

  test("the file's area of a segment of the ground truth counts, where it says one", () => {
    const truth = row("1110", { 1: { area: 4 } });
    expect(countsOf(evaluated(truth, row("7770", { 7: person })))).toEqual([1, 0, 0, 0.75]);
  });

  test("pixels of an id that the ground truth does not list are not void", () => {
    expect(countsOf(evaluated(row("9991", { 1: person }), row("7777", { 7: person })))).toEqual([0, 1, 1, 0]);
  });
});

test("nothing at all has figures of -1", () => {
  const nothing = { PQ: -1, SQ: -1, RQ: -1, n: 0 };
  const { all, things, stuff, perClass } = evaluated(row("000", {}), row("000", {}));
  expect({ all, things, stuff }).toEqual({ all: nothing, things: nothing, stuff: nothing });
  expect(perClass).toHaveLength(3);
});

test("the order of segments and their ids do not matter", () => {
  const truth = row("11222330", { 1: person, 2: dog, 3: sky });
  const renamed = row("55888110", { 8: dog, 1: sky, 5: person });
  const prediction = row("77777990", { 7: dog, 9: sky });
  expect(evaluated(renamed, prediction)).toEqual(evaluated(truth, prediction));
});

test.each<[string, PanopticSegmentation, PanopticSegmentation, string]>([
  [
    "a pixel of no listed segment",
    row("110", { 1: person }),
    row("077", {}),
    "image 1: prediction: pixel 1 belongs to segment 7, which is not listed; list every segment",
  ],
  [
    "a segment without pixels",
    row("110", { 1: person }),
    row("000", { 7: person, 9: sky }),
    "image 1: prediction: no pixel belongs to the listed segments 7, 9; list only those with pixels",
  ],
  [
    "an unknown class",
    row("110", { 1: person }),
    row("770", { 7: 91 }),
    "image 1: prediction: segment 7 has the unknown class 91; expected one of 1, 18, 187",
  ],
  ["an unknown class in the ground truth", row("1", { 1: 2 }), row("0", {}), "ground truth: segment 1 has the unknown"],
  ["maps of two sizes", row("110", { 1: person }), row("77", { 7: person }), "has 2 pixels, the ground truth 3"],
  [
    "an id given twice",
    row("110", { 1: person }),
    {
      segmentIds: Int32Array.of(7, 7, 7),
      segments: [
        { id: 7, categoryId: person },
        { id: 7, categoryId: dog },
      ],
    },
    "image 1: prediction: two segments have the id 7; ids must differ",
  ],
])("%s is refused, and nothing is counted", (_, truth, prediction, message) => {
  const quality = new PanopticQuality({ categories });
  expect(() => quality.add(1, truth, prediction)).toThrow(message);
  expect(quality.evaluate().all.n).toBe(0);
});

interface Recorded {
  readonly categories: readonly { readonly id: number; readonly isthing: boolean }[];
  readonly images: readonly Readonly<Record<"truth" | "prediction", RecordedSide>>[];
  readonly result: Readonly<Record<"all" | "things" | "stuff", Readonly<Record<"PQ" | "SQ" | "RQ" | "n", number>>>> & {
    readonly counts: Readonly<Record<string, readonly [number, number, number, number]>>;
  };
}

interface RecordedSide {
  readonly runs: readonly number[];
  readonly segments: readonly {
    readonly id: number;
    readonly category_id: number;
    readonly iscrowd?: number;
    readonly area?: number;
  }[];
}

function segmentation({ runs, segments }: RecordedSide): PanopticSegmentation {
  return {
    segmentIds: Int32Array.from(
      runs.flatMap((id, index) => (index % 2 === 0 ? Array.from({ length: runs[index + 1] as number }, () => id) : [])),
    ),
    segments: segments.map(({ id, category_id: categoryId, iscrowd = 0, ...area }) => ({
      id,
      categoryId,
      isCrowd: iscrowd === 1,
      ...area,
    })),
  };
}

test("forty generated images have the figures of the rules in numpy", async () => {
  const file = join(import.meta.dirname, "__fixtures__/panoptic-quality.json");
  const { categories: classes, images, result } = JSON.parse(await readFile(file, "utf8")) as Recorded;
  const quality = new PanopticQuality({ categories: classes.map(({ id, isthing }) => ({ id, isThing: isthing })) });
  images.forEach(({ truth, prediction }, image) => quality.add(image, segmentation(truth), segmentation(prediction)));
  const found = quality.evaluate();
  for (const part of ["all", "things", "stuff"] as const) {
    for (const figure of ["PQ", "SQ", "RQ", "n"] as const) {
      expect(Math.abs(found[part][figure] - result[part][figure])).toBeLessThan(1e-12);
    }
  }
  for (const { categoryId, iouSum, truePositives, falsePositives, falseNegatives } of found.perClass) {
    const [recordedSum = Number.NaN, ...recorded] = result.counts[categoryId] ?? [];
    expect([truePositives, falsePositives, falseNegatives]).toEqual(recorded);
    expect(iouSum).toBeCloseTo(recordedSum, 12);
  }
});
