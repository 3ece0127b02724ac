import { readFileSync } from "node:fs";
import { Random } from "@detrkit/common";
import { expect, test } from "vitest";
import { adjustColours, type ColourAdjustment, colourJitter, type Draws, planTransforms } from "../pixels.ts";

/** By tools/goldens/colour-adjustments.py. */
const recorded = JSON.parse(
  readFileSync(new URL("../__fixtures__/colour-adjustments.json", import.meta.url), "utf8"),
) as {
  readonly image: { readonly width: number; readonly height: number; readonly data: readonly number[] };
  readonly cases: readonly { readonly adjustments: readonly ColourAdjustment[]; readonly data: readonly number[] }[];
};
const image = { ...recorded.image, data: Uint8Array.from(recorded.image.data) };
const named = recorded.cases.map(
  (recording) => [recording.adjustments.map(({ kind, factor }) => `${kind} ${factor}`).join(", "), recording] as const,
);

test.each(named)("%s is torchvision's", (_, { adjustments, data }) => {
  expect([...adjustments.reduce(adjustColours, image).data]).toEqual(data);
});

const factorsOf = (settings: Parameters<typeof colourJitter>[0], draws: Draws): readonly ColourAdjustment[] => {
  const [operation] = planTransforms([colourJitter(settings)], { width: 3, height: 2 }, draws).operations;
  return (operation?.plan as { adjustments?: readonly ColourAdjustment[] } | undefined)?.adjustments ?? [];
};

test("factors are drawn evenly about what changes nothing, never below 0, in any order", () => {
  const drawn = Array.from({ length: 400 }, (_, seed) =>
    factorsOf({ brightness: 0.4, contrast: 3, hue: 0.1 }, new Random(seed)),
  );
  const of = (kind: string): number[] =>
    drawn.flatMap((adjustments) => adjustments.filter((one) => one.kind === kind).map(({ factor }) => factor));
  for (const [kind, least, most] of [
    ["brightness", 0.6, 1.4],
    ["contrast", 0, 4],
    ["hue", -0.1, 0.1],
  ] as const) {
    const factors = of(kind);
    expect(factors).toHaveLength(400);
    const span = most - least;
    expect(Math.min(...factors)).toBeGreaterThanOrEqual(least);
    expect(Math.min(...factors)).toBeLessThan(least + 0.02 * span);
    expect(Math.max(...factors)).toBeLessThanOrEqual(most);
    expect(Math.max(...factors)).toBeGreaterThan(most - 0.02 * span);
  }
  expect(of("saturation")).toEqual([]);
  const orders = new Map<string, number>();
  for (const adjustments of drawn) {
    const order = adjustments.map(({ kind }) => kind).join();
    orders.set(order, (orders.get(order) ?? 0) + 1);
  }
  expect(orders.size).toBe(6);
  expect(Math.min(...orders.values())).toBeGreaterThan(40);
});

test("nothing to change is no operation, and draws nothing", () => {
  const refuse = (): never => {
    throw new Error("a draw");
  };
  expect(factorsOf({ brightness: 0 }, { uniform: refuse, integer: refuse, choice: refuse })).toEqual([]);
});

test.each([
  [{ hue: 0.6 }, 'transform "colourJitter": hue expected a number from 0 to 0.5, got 0.6'],
  [{ contrast: -1 }, 'transform "colourJitter": contrast expected a number from 0, got -1'],
])("%j is refused", (settings, message) => {
  expect(() => factorsOf(settings, new Random(1))).toThrow(message);
});
