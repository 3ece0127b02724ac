import { ConfigError, Random } from "@detrkit/common";
import { describe, expect, test } from "vitest";
import {
  applyOperations,
  clipObjects,
  crop,
  defineCompositeTransform,
  defineTransform,
  type Draws,
  either,
  horizontalFlip,
  type ImageObjects,
  keepObjects,
  moveObjects,
  operationsFromData,
  operationsToData,
  planTransforms,
  readSteps,
  resizeTo,
  type RgbImage,
  type TransformDefinition,
  transformObjects,
  type TransformStep,
} from "../pixels.ts";

/** A quarter turn to the right: what was left is above. */
const quarterTurn = defineTransform({
  kind: "quarterTurn",
  plan: ({ probability }: { readonly probability: number }, { width, height }, draws) =>
    draws.uniform() < probability ? { size: { width: height, height: width } } : undefined,
  apply: ({ width, height, data }) => {
    const turned = new Uint8Array(data.length);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++)
        turned.set(data.subarray((y * width + x) * 3, (y * width + x + 1) * 3), (x * height + height - 1 - y) * 3);
    }
    return { width: height, height: width, data: turned };
  },
  applyToObjects: (objects, { size }) =>
    moveObjects(objects, {
      size,
      box: ([left, top, right, bottom]) => [size.width - bottom, left, size.width - top, right],
    }),
});

/** Only brightness: the boxes stay, and so no `applyToObjects`. */
const darken = defineTransform({
  kind: "darken",
  plan: ({ levels = 9 }: { readonly levels?: number }) => ({ levels }),
  apply: (image, { levels }) => ({ ...image, data: image.data.map((level) => Math.max(0, level - levels)) }),
});

/** 5 x 3 pixels, and in it a block of 255 at left 1, top 0, right 3, bottom 2. */
const image: RgbImage = { width: 5, height: 3, data: new Uint8Array(45).fill(30) };
for (const at of [1, 2, 6, 7]) image.data.fill(255, at * 3, at * 3 + 3);
const objects: ImageObjects = {
  size: { width: 5, height: 3 },
  boxes: Float32Array.of(1, 0, 3, 2),
  labels: Int32Array.of(7),
  areas: Float32Array.of(4),
  indices: Int32Array.of(0),
};

const bright = ({ width, data }: RgbImage): number[][] =>
  [...data.keys()]
    .filter((at) => at % 3 === 0 && (data[at] as number) > 200)
    .map((at) => [(at / 3) % width, Math.floor(at / 3 / width)]);

function run(steps: readonly TransformStep[], seed = 1): { readonly image: RgbImage; readonly objects: ImageObjects } {
  const { operations } = planTransforms(steps, image, new Random(seed));
  return { image: applyOperations(image, operations), objects: operations.reduce(transformObjects, objects) };
}

describe("a transform of one's own", () => {
  test("goes between detrkit's, and boxes follow their pixels", () => {
    for (const steps of [
      [quarterTurn({ probability: 1 })],
      [quarterTurn({ probability: 1 }), horizontalFlip({ probability: 1 })],
      [horizontalFlip({ probability: 1 }), darken(), quarterTurn({ probability: 1 }), quarterTurn({ probability: 1 })],
    ]) {
      const after = run(steps);
      const [left = 0, top = 0, right = 0, bottom = 0] = after.objects.boxes;
      const wanted: number[][] = [];
      for (let y = top; y < bottom; y++) for (let x = left; x < right; x++) wanted.push([x, y]);
      expect(bright(after.image)).toEqual(wanted);
      expect(after.objects.size).toEqual({ width: after.image.width, height: after.image.height });
    }
    // By hand: columns become rows, the lowest row the first column.
    expect([...run([quarterTurn({ probability: 1 })]).objects.boxes]).toEqual([1, 1, 3, 3]);
  });

  test("draws from the seed, and is left out where its plan is undefined", () => {
    const planned = (seed: number): boolean =>
      planTransforms([quarterTurn({ probability: 0.5 })], image, new Random(seed)).operations.length > 0;
    const seeds = Array.from({ length: 200 }, (_, seed) => seed);
    expect(seeds.map(planned)).toEqual(seeds.map(planned));
    expect(Math.abs(seeds.filter(planned).length - 100)).toBeLessThan(30);
  });

  test("may be made of others", () => {
    const twice = defineCompositeTransform({
      kind: "twice",
      steps: ({ of }: { readonly of: readonly TransformStep[] }) => [...of, ...of],
    });
    const once = run([quarterTurn({ probability: 1 }), quarterTurn({ probability: 1 })]);
    expect(run([twice({ of: [quarterTurn({ probability: 1 })] })])).toEqual(once);
  });

  test("has settings that JSON keeps, and no name of detrkit's", () => {
    const take = defineTransform<{ readonly value: unknown }>({
      kind: "take",
      plan: () => undefined,
      apply: (same) => same,
    });
    expect(() => take({ value: { mean: [1, NaN] } })).toThrow(
      "transform take.value.mean.1: expected plain data (finite numbers, text, lists, objects), got number NaN",
    );
    expect(() => take({ value: new Uint8Array(3) })).toThrow("got Uint8Array; a checkpoint keeps settings as JSON");
    expect(() => take({ value: () => 3 })).toThrow("take.value: expected plain data");
    const flip = { kind: "horizontalFlip", plan: () => undefined, apply: (same: RgbImage) => same };
    expect(() => defineTransform(flip)).toThrow('"horizontalFlip" is one of detrkit\'s own');
  });
});

test("what a plan or an apply may not do is named", () => {
  const broken = (definition: Partial<TransformDefinition>): (() => unknown) => {
    const kind = defineTransform({ kind: "odd", plan: () => ({}), apply: (same) => same, ...definition });
    return () => run([kind()]);
  };
  const larger = { size: { width: 6, height: 3 } };
  expect(broken({ plan: () => larger })).toThrow(
    'transform "odd": plans 6x3 pixels of 5x3, but the boxes would stay where they were; give it an applyToObjects',
  );
  const applyToObjects = (same: ImageObjects): ImageObjects => ({ ...same, size: larger.size });
  expect(broken({ plan: () => larger, applyToObjects })).toThrow(
    'transform "odd": planned 6x3 pixels, its apply gave 5x3 with 45 bytes; expected 54 bytes of red, green and blue',
  );
  expect(broken({ plan: () => ({ size: { width: 0.5, height: 3 } }) })).toThrow("plans 0.5x3 pixels of 5x3");
  expect(broken({ applyToObjects })).toThrow("planned 5x3 pixels, its applyToObjects gave objects of 6x3");
  expect(broken({ applyToObjects: (same) => ({ ...same, boxes: Float32Array.of(1, NaN, 3, 4) }) })).toThrow(
    "its applyToObjects gave 1 labels and the boxes [1, NaN, 3, 4]; expected four finite numbers for each",
  );
  expect(() => planTransforms([{ kind: "flop" }], image, new Random(1))).toThrow(
    'there is no transform "flop"; detrkit has horizontalFlip, verticalFlip, resize',
  );
});

describe("objects", () => {
  const two: ImageObjects = {
    size: { width: 10, height: 10 },
    boxes: Float32Array.of(1, 2, 4, 6, 8, 8, 10, 10),
    labels: Int32Array.of(3, 5),
    areas: Float32Array.of(12, 4),
    indices: Int32Array.of(0, 1),
  };

  test("that are moved out of the image are left out, and the others cut", () => {
    const size = { width: 7, height: 7 };
    const moved = moveObjects(two, { size, box: ([l, t, r, b]) => [l + 4, t - 3, r + 4, b - 3] });
    expect([[...moved.boxes], [...moved.labels], [...moved.areas], [...moved.indices]]).toEqual([
      [5, 0, 7, 3],
      [3],
      [6],
      [0],
    ]);
  });

  test("that have masks need to be told how these move", () => {
    const mask = { width: 10, height: 10, data: new Uint8Array(100) };
    const masked = { ...two, masks: [mask, mask] };
    const move = { size: { width: 5, height: 5 }, box: () => [0, 0, 3, 3] as const };
    expect(() => moveObjects(masked, move)).toThrow('the objects have masks; give "mask" too');
    const cut = moveObjects(masked, { ...move, mask: (one) => crop(one, { top: 0, left: 0, width: 5, height: 5 }) });
    expect(cut.masks).toHaveLength(2);
    expect(cut.masks?.[1]).toMatchObject(move.size);
  });

  test("that had masks have one each afterwards, of the image's size", () => {
    const mask = { width: 10, height: 10, data: new Uint8Array(100) };
    const masked = { ...two, masks: [mask, mask] };
    const after = (changed: (objects: ImageObjects) => ImageObjects): ImageObjects => {
      const careless = defineTransform({
        kind: "careless",
        plan: () => ({}),
        apply: (same) => same,
        applyToObjects: changed,
      });
      const { operations } = planTransforms([careless()], two.size, new Random(1));
      return operations.reduce(transformObjects, masked);
    };
    const small = { width: 5, height: 10, data: new Uint8Array(50) };
    for (const [masks, got] of [
      [undefined, "0 masks"],
      [[mask], "1 masks"],
      [[mask, small], "a mask of 5x10"],
      [[mask, { ...mask, data: small.data }], "a mask of 10x10"],
    ] as const)
      expect(() => after(() => ({ ...two, ...(masks && { masks }) }))).toThrow(
        `transform "careless": its applyToObjects gave 2 objects and ${got}; expected a mask of 10x10 for each`,
      );
    expect(after((objects) => keepObjects(objects, (index) => index === 1)).masks).toEqual([mask]);
  });

  test("are kept and clipped by position", () => {
    expect([...keepObjects(two, (index) => index === 1).boxes]).toEqual([8, 8, 10, 10]);
    expect([...clipObjects({ ...two, size: { width: 9, height: 8 } }).labels]).toEqual([3]);
  });
});

describe("as data", () => {
  const recipe = [
    resizeTo({ width: 9, height: 7 }),
    either({ probability: 0.5, first: [darken({ levels: 3 })], otherwise: [quarterTurn({ probability: 1 })] }),
  ];
  const data = (): unknown => JSON.parse(JSON.stringify(recipe));

  test("steps come back when their kinds are passed along", () => {
    const steps = readSteps(data(), { kinds: [quarterTurn, darken], source: "a.safetensors" });
    for (let seed = 0; seed < 20; seed++) expect(run(steps, seed)).toEqual(run(recipe, seed));
    expect(JSON.stringify(steps)).toBe(JSON.stringify(recipe));
  });

  test("a kind that is missing, and what is no step, are named", () => {
    expect(() =>
      readSteps(data(), { kinds: [quarterTurn], source: "a.safetensors", option: "transformKinds" }),
    ).toThrow(
      'a.safetensors: was made with the transform "darken", which detrkit does not have ' +
        "and a file cannot bring along; pass what defineTransform returned: { transformKinds: [darken] }",
    );
    expect(() => readSteps({}, { source: "a" })).toThrow("a: the transforms expected a list of steps");
    expect(() => readSteps([3], { source: "a" })).toThrow("a: a transform expected { kind: … }, got 3");
    expect(() => readSteps([3], { source: "a" })).toThrow(ConfigError);
  });

  test("operations cross to another thread by their modules", async () => {
    const abroad = defineTransform({ ...definition(), module: "file:///x/own.ts" });
    const draws: Draws = { uniform: () => 0, integer: (low) => low, choice: ([first]) => first };
    const { operations } = planTransforms([horizontalFlip({ probability: 1 }), abroad()], image, draws);
    expect(operationsToData(operations, () => false)).toBeUndefined();
    expect(operationsToData(planTransforms([darken()], image, draws).operations, () => true)).toBeUndefined();
    const sent = structuredClone(operationsToData(operations, () => true) ?? []);
    expect(sent).toEqual([
      { kind: "horizontalFlip", plan: {} },
      { kind: "abroad", module: "file:///x/own.ts", plan: { add: 3 } },
    ]);
    const back = await operationsFromData(sent, (module) => Promise.resolve({ other: 1, [module]: abroad }));
    expect(applyOperations(image, back)).toEqual(applyOperations(image, operations));
    await expect(operationsFromData(sent, () => Promise.resolve({ darken }))).rejects.toThrow(
      'transform "abroad": file:///x/own.ts does not export it; export what defineTransform returned',
    );
  });

  const definition = (): TransformDefinition<object, { readonly add: number }> => ({
    kind: "abroad",
    plan: () => ({ add: 3 }),
    apply: (same, { add }) => ({ ...same, data: same.data.map((level) => (level + add) % 256) }),
  });
});
