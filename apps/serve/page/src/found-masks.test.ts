import type { Detection } from "@detrkit/client";
import { encodeMask, maskToSegmentation } from "@detrkit/masks";
import { expect, test } from "vitest";
import type { Asked, Engine } from "./engine.ts";
import { FoundMasks } from "./found-masks.ts";
import { maskPath } from "./mask-path.ts";

const scores = [0.9, 0.6, 0.4, 0.2];
const boxes: readonly Detection[] = scores.map((score, index) => ({
  label: index % 2 === 0 ? "cat" : "dog",
  labelId: index % 2,
  score,
  box: { xmin: 10 * index, ymin: 0, xmax: 10 * index + 8, ymax: 8 },
}));
const found = { width: 50, height: 20, detections: boxes, milliseconds: 1, where: "the server" };
const maskAt = (index: number): NonNullable<Detection["mask"]> =>
  maskToSegmentation(
    encodeMask(
      Uint8Array.from({ length: 1000 }, (_, at) => Number(at === index)),
      20,
      50,
    ),
  );

/** Answers with masks of what has the score; the boxes are those of another run, rounded otherwise. */
function engine(asked: number[]): Engine {
  return {
    detect: async (_, { threshold, masks }: Asked) => {
      expect(masks).toBe(true);
      asked.push(threshold);
      await Promise.resolve();
      const detections = boxes.flatMap((detection, index) => {
        const box = { ...detection.box, xmin: detection.box.xmin + 1e-4 };
        return detection.score >= threshold ? [{ ...detection, box, mask: maskAt(index) }] : [];
      });
      return { ...found, detections };
    },
    explain: () => Promise.reject(new Error("nobody asks why")),
    close: () => {},
  };
}

const masksOf = ({ detections }: FoundMasks): boolean[] => detections.map(({ mask }) => mask !== undefined);

test("masks come from the slider's score on, and each is that of its box", async () => {
  const asked: number[] = [];
  const masks = new FoundMasks(engine(asked), new Blob(), found, new AbortController().signal);
  expect(masksOf(masks)).toEqual([false, false, false, false]);
  expect(await masks.load(0.5)).toBe(true);
  expect(masksOf(masks)).toEqual([true, true, false, false]);
  expect(masks.detections.map(({ mask }) => mask).slice(0, 2)).toEqual([maskAt(0), maskAt(1)]);
  // Higher, or lower where nothing is: there is nothing to ask.
  expect([await masks.load(0.7), await masks.load(0.45)]).toEqual([false, false]);
  expect(asked).toEqual([0.5]);
});

test("a slider that moves while masks load asks once more, for the lowest", async () => {
  const asked: number[] = [];
  const masks = new FoundMasks(engine(asked), new Blob(), found, new AbortController().signal);
  await Promise.all([0.8, 0.5, 0.3, 0.1].map((threshold) => masks.load(threshold)));
  expect(masksOf(masks)).toEqual([true, true, true, true]);
  expect(asked).toEqual([0.8, 0.1]);
});

test("what fails is asked again at the next move; another image ends it", async () => {
  const broken = { ...engine([]), detect: () => Promise.reject(new Error("the server is gone")) };
  const masks = new FoundMasks(broken, new Blob(), found, new AbortController().signal);
  await expect(masks.load(0.5)).rejects.toThrow("the server is gone");
  await expect(masks.load(0.5)).rejects.toThrow("the server is gone");
  const looking = new AbortController();
  const left = new FoundMasks(engine([]), new Blob(), found, looking.signal);
  const loading = left.load(0.5);
  looking.abort(new Error("another image"));
  await expect(loading).rejects.toThrow("another image");
  expect(masksOf(left)).toEqual([false, false, false, false]);
});

test("a mask's path goes around its pixels, and around its hole", () => {
  const ring = encodeMask(Uint8Array.of(1, 1, 1, 1, 0, 1, 1, 1, 1), 3, 3);
  expect(maskPath(maskToSegmentation(ring))).toBe("M3 0L3 3L0 3L0 0ZM2 2L2 1L1 1L1 2Z");
  expect(maskPath(maskToSegmentation(encodeMask(new Uint8Array(9), 3, 3)))).toBe("");
});

test("what has a mask of no pixel keeps its box alone: the pointer would find nothing else", async () => {
  const empty = maskToSegmentation(encodeMask(new Uint8Array(1000), 20, 50));
  const detections = boxes.map((detection, index) => ({ ...detection, mask: index === 1 ? empty : maskAt(index) }));
  const answering = { ...engine([]), detect: () => Promise.resolve({ ...found, detections }) };
  const masks = new FoundMasks(answering, new Blob(), found, new AbortController().signal);
  expect(await masks.load(0.5)).toBe(true);
  expect(masksOf(masks)).toEqual([true, false, true, true]);
  expect(await masks.load(0.5)).toBe(false);
});
