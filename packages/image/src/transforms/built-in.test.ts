import { ConfigError, Random } from "@detrkit/common";
import { describe, expect, test } from "vitest";
import {
  applyOperations,
  centreCrop,
  detrEvaluation,
  detrTraining,
  type Draws,
  either,
  fixedSize,
  horizontalFlip,
  letterbox,
  letterboxed,
  type ImageObjects,
  pad,
  planTransforms,
  randomSizeCrop,
  resize,
  resizedSize,
  resizeTo,
  type RgbImage,
  transformObjects,
  type TransformStep,
  verticalFlip,
} from "../pixels.ts";

const kindsOf = ({ operations }: ReturnType<typeof planTransforms>): string[] =>
  operations.map(({ transform }) => transform.kind);

describe("the size rule", () => {
  test("the short side is met, the long one truncated", () => {
    expect(resizedSize({ width: 640, height: 480 }, 800, 1333)).toEqual({ width: 1066, height: 800 });
    expect(resizedSize({ width: 480, height: 641 }, 800)).toEqual({ width: 800, height: 1068 });
  });

  test("a long side beyond the limit lowers the short one, rounded to even halves", () => {
    expect(resizedSize({ width: 1000, height: 200 }, 800, 1333)).toEqual({ width: 1335, height: 267 });
    // 5 · 100 / 200 = 2.5 rounds to 2.
    expect(resizedSize({ width: 200, height: 100 }, 50, 5)).toEqual({ width: 4, height: 2 });
  });

  test("an image whose short side fits already is left as it is", () => {
    expect(resizedSize({ width: 999, height: 480 }, 480)).toEqual({ width: 999, height: 480 });
  });

  test("a strip keeps a pixel of its short side, and its long side is the largest", () => {
    expect(resizedSize({ width: 4000, height: 1 }, 800, 1333)).toEqual({ width: 1333, height: 1 });
    expect(resizedSize({ width: 2, height: 9000 }, 800, 1333)).toEqual({ width: 1, height: 1333 });
    expect(resizedSize({ width: 2000, height: 1 }, 800, 1333)).toEqual({ width: 2000, height: 1 });
  });
});

describe("planning", () => {
  test("the same seed gives the same plan, sizes follow the operations", () => {
    const size = { width: 640, height: 480 };
    const plans = Array.from({ length: 200 }, (_, seed) => planTransforms(detrTraining.steps, size, new Random(seed)));
    expect(planTransforms(detrTraining.steps, size, new Random(17))).toEqual(plans[17]);
    for (const plan of plans) expect(plan.operations.at(-1)?.plan.size).toEqual(plan.size);
    const flips = plans.filter((plan) => kindsOf(plan)[0] === "horizontalFlip").length;
    const crops = plans.filter((plan) => kindsOf(plan).includes("randomSizeCrop")).length;
    expect(Math.abs(flips - 100)).toBeLessThan(30);
    expect(Math.abs(crops - 100)).toBeLessThan(30);
    const sides = plans.map((plan) => Math.min(plan.size.width, plan.size.height));
    expect([Math.min(...sides), Math.max(...sides)]).toEqual([480, 800]);
  });

  test("evaluation draws nothing", () => {
    const refuse = (): never => {
      throw new Error("a draw");
    };
    const none: Draws = { uniform: refuse, integer: refuse, choice: refuse };
    expect(planTransforms(detrEvaluation.steps, { width: 640, height: 480 }, none).size).toEqual({
      width: 1066,
      height: 800,
    });
    const fixed = fixedSize({ width: 320, height: 240 }, { training: false });
    expect(planTransforms(fixed.steps, { width: 7, height: 9 }, none).operations).toMatchObject([
      { transform: { kind: "resizeTo" }, plan: { size: { width: 320, height: 240 } } },
    ]);
  });

  test.each([
    ["landscape", { width: 640, height: 480 }, { width: 320, height: 240 }],
    ["portrait", { width: 480, height: 640 }, { width: 180, height: 240 }],
    ["a panorama", { width: 1000, height: 100 }, { width: 320, height: 32 }],
    ["a thin line", { width: 3, height: 2000 }, { width: 1, height: 240 }],
    ["smaller than it may be", { width: 16, height: 9 }, { width: 320, height: 180 }],
    ["rounded to whole pixels", { width: 333, height: 500 }, { width: 160, height: 240 }],
  ])("a letterbox keeps proportions: %s", (_, size, letterboxed) => {
    const step = letterbox({ width: 320, height: 240 });
    expect(planTransforms([step], size, new Random(1)).size).toEqual(letterboxed);
  });

  test("photographs are mirrored left and right, not top and bottom, unless that is asked for", () => {
    const size = { width: 5, height: 7 };
    for (const recipeOf of [letterboxed, fixedSize]) {
      const kinds = (options: object): string[] =>
        recipeOf(size, { training: true, ...options }).steps.map(({ kind }) => kind);
      expect(kinds({})).toEqual(["horizontalFlip", expect.not.stringContaining("Flip")]);
      expect(kinds({ flips: "both" })).toContain("verticalFlip");
      expect(kinds({ training: false, flips: "both" })).toHaveLength(1);
    }
  });

  test("an image smaller than the smallest crop is cropped to what it has", () => {
    const plan = planTransforms(
      [{ kind: "randomSizeCrop", minSide: 384, maxSide: 600 }],
      { width: 500, height: 200 },
      new Random(1),
    );
    expect(plan.size.height).toBe(200);
    expect(plan.size.width).toBeGreaterThanOrEqual(384);
  });

  test("DETR's recipes are the published ones", () => {
    const whole = {
      kind: "resize",
      shortSides: [480, 512, 544, 576, 608, 640, 672, 704, 736, 768, 800],
      maxSide: 1333,
    };
    const part = [
      { kind: "resize", shortSides: [400, 500, 600] },
      { kind: "randomSizeCrop", minSide: 384, maxSide: 600 },
      whole,
    ];
    expect(detrTraining.steps).toEqual([
      { kind: "horizontalFlip", probability: 0.5 },
      { kind: "either", probability: 0.5, first: [whole], otherwise: part },
    ]);
    expect(detrEvaluation.steps).toEqual([{ ...whole, shortSides: [800] }]);
  });

  test("recipes as JSON do what the recipes do", () => {
    for (const recipe of [detrTraining, detrEvaluation, fixedSize({ width: 32, height: 16 }, { training: true })]) {
      const data = JSON.parse(JSON.stringify(recipe)) as typeof recipe;
      expect(data).toEqual(recipe);
      for (let seed = 0; seed < 20; seed++) {
        const size = { width: 640, height: 480 };
        expect(planTransforms(data.steps, size, new Random(seed))).toEqual(
          planTransforms(recipe.steps, size, new Random(seed)),
        );
      }
    }
    expect(() => planTransforms([{ kind: "resize", shortSides: [] }], { width: 5, height: 5 }, new Random(1))).toThrow(
      ConfigError,
    );
  });
});

/** Three objects in an image of 100 x 60. */
const objects: ImageObjects = {
  size: { width: 100, height: 60 },
  boxes: Float32Array.from([10, 20, 30, 50, 0, 0, 100, 60, 80, 5, 95, 11]),
  labels: Int32Array.from([7, 3, 5]),
  areas: Float32Array.from([600, 6000, 90]),
  indices: Int32Array.from([0, 1, 2]),
};

/** The objects after one step; draws are 0, and the least of what can be drawn. */
function after(step: TransformStep, before: ImageObjects = objects): ImageObjects {
  const draws: Draws = { uniform: () => 0, integer: (low) => low, choice: ([first]) => first };
  return planTransforms([step], before.size, draws).operations.reduce(transformObjects, before);
}

describe("objects", () => {
  test("are mirrored by flips", () => {
    expect([...after(horizontalFlip({ probability: 1 })).boxes.subarray(0, 4)]).toEqual([70, 20, 90, 50]);
    expect([...after(verticalFlip({ probability: 1 })).boxes.subarray(0, 4)]).toEqual([10, 10, 30, 40]);
  });

  test("are scaled by a resize, and their areas too", () => {
    const resized = after(resizeTo({ width: 50, height: 180 }));
    expect([...resized.boxes.subarray(0, 4)]).toEqual([5, 60, 15, 150]);
    expect(resized.areas[0]).toBe(900);
    expect(resized.size).toEqual({ width: 50, height: 180 });
  });

  test("go with a letterbox, and fill the same part of the image", () => {
    // A half of each side.
    const fitted = after(letterbox({ width: 50, height: 180 }));
    expect([...fitted.boxes.subarray(0, 4)]).toEqual([5, 10, 15, 25]);
    expect(fitted.size).toEqual({ width: 50, height: 30 });
  });

  test("are clipped by a crop, dropped when left without area, and get new areas", () => {
    const cropped = after(centreCrop({ width: 60, height: 30 }));
    // Left 20, top 15.
    expect([...cropped.boxes]).toEqual([0, 5, 10, 30, 0, 0, 60, 30]);
    expect([...cropped.labels]).toEqual([7, 3]);
    expect([...cropped.areas]).toEqual([250, 1800]);
    expect([...cropped.indices]).toEqual([0, 1]);
  });

  test("stay where they are under padding", () => {
    const padded = after(pad({ right: 3, bottom: 4 }));
    expect(padded.boxes).toEqual(objects.boxes);
    expect(padded.size).toEqual({ width: 103, height: 64 });
  });

  test("may be none", () => {
    const none: ImageObjects = {
      size: { width: 700, height: 500 },
      boxes: new Float32Array(0),
      labels: new Int32Array(0),
      areas: new Float32Array(0),
      indices: new Int32Array(0),
      masks: [],
    };
    const { operations } = planTransforms(detrTraining.steps, none.size, new Random(3));
    expect(operations.reduce(transformObjects, none).labels).toHaveLength(0);
  });

  test("have masks that go where their boxes go", () => {
    const data = new Uint8Array(100 * 60);
    for (let y = 20; y < 50; y++) data.fill(1, y * 100 + 10, y * 100 + 30);
    const one: ImageObjects = {
      size: objects.size,
      boxes: objects.boxes.slice(0, 4),
      labels: objects.labels.slice(0, 1),
      areas: objects.areas.slice(0, 1),
      indices: objects.indices.slice(0, 1),
      masks: [{ width: 100, height: 60, data }],
    };
    for (const step of [
      horizontalFlip({ probability: 1 }),
      verticalFlip({ probability: 1 }),
      resizeTo({ width: 50, height: 120 }),
      centreCrop({ width: 90, height: 40 }),
      pad({ right: 7, bottom: 5 }),
    ]) {
      const { boxes, masks, size } = after(step, one);
      const mask = masks?.[0];
      expect(mask).toMatchObject(size);
      const [left = 0, top = 0, right = 0, bottom = 0] = boxes;
      mask?.data.forEach((value, at) => {
        const [x, y] = [at % size.width, Math.floor(at / size.width)];
        expect(value === 1).toBe(x >= left && x < right && y >= top && y < bottom);
      });
    }
  });
});

test("a crop that follows a resize gives the pixels of one after the other", () => {
  const random = new Random(1);
  const image: RgbImage = {
    width: 47,
    height: 31,
    data: Uint8Array.from({ length: 47 * 31 * 3 }, () => random.integer(0, 255)),
  };
  const steps = [resize({ shortSides: [43] }), randomSizeCrop({ minSide: 11, maxSide: 29 })];
  const { operations } = planTransforms(steps, image, new Random(5));
  const oneByOne = operations.reduce((current, operation) => applyOperations(current, [operation]), image);
  expect(applyOperations(image, operations)).toEqual(oneByOne);
});

test("either is the first steps, or the others", () => {
  const step = either({ probability: 0.5, first: [pad({ right: 1, bottom: 2 })], otherwise: [] });
  const planned = (uniform: number): string[] =>
    kindsOf(
      planTransforms([step], objects.size, {
        uniform: () => uniform,
        integer: (low) => low,
        choice: ([first]) => first,
      }),
    );
  expect([planned(0.49), planned(0.5)]).toEqual([["pad"], []]);
});
