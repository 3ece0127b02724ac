import { createDetector, type DetectorConfig, presets } from "@detrkit/detr";
import { imagenetNormalisation, type RgbImage } from "@detrkit/image";
import { describeOnBackends } from "@detrkit/test-utils";
import { memory } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { Detector } from "../detector.ts";
import type { AttendedImage } from "./explanation.ts";

const categories = [
  { id: 3, name: "cat" },
  { id: 7, name: "dog" },
];
const [encoderLayers, decoderLayers, heads] = [2, 3, 2];

function detectorOf(preset: "detr-small" | "deformable-detr-small"): Detector {
  const { backbone, transformer, ...rest } = presets[preset];
  const config = {
    ...rest,
    backbone: { ...backbone, width: 8 },
    transformer: { ...transformer, dim: 32, heads, encoderLayers, decoderLayers, feedForwardDim: 24 },
    numClasses: 2,
    numQueries: 7,
  } as DetectorConfig;
  const transforms = {
    steps: [{ kind: "resize" as const, shortSides: [64], maxSide: 96 }],
    normalisation: imagenetNormalisation,
  };
  return new Detector({
    model: createDetector(config, { seed: 4 }),
    description: { detector: config, categories, transforms },
  });
}

const image: RgbImage = {
  width: 60,
  height: 40,
  data: Uint8Array.from({ length: 60 * 40 * 3 }, (_, at) => (at * 7919) % 251),
};

function weightsOf(attention: AttendedImage): readonly number[] {
  return attention.kind === "dense" ? attention.weights : attention.points.map(({ weight }) => weight);
}

describeOnBackends("Detector.explain", () => {
  for (const preset of ["detr-small", "deformable-detr-small"] as const) {
    test(`${preset}: finds what detect finds, says where each looked, and keeps nothing`, async () => {
      const detector = detectorOf(preset);
      const before = memory().numTensors;
      const found = await detector.detect(image, { threshold: 0, limit: 5 });
      const points = [
        { x: 1, y: 1 },
        { x: 60, y: 40 },
      ];
      const explained = await detector.explain(image, { threshold: 0, limit: 5, points });
      expect(explained).toMatchObject({ width: 60, height: 40, decoderLayer: 2, encoderLayer: 1 });
      expect(explained.detections.map(({ detection }) => detection)).toEqual(found.detections);
      expect(explained.points.map(({ point }) => point)).toEqual(points);
      for (const { attention } of [...explained.detections, ...explained.points]) {
        expect(attention.kind).toBe(preset === "detr-small" ? "dense" : "sampled");
        expect(weightsOf(attention).reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 4);
      }
      expect(memory().numTensors).toBe(before);
      detector.dispose();
    });
  }

  test("a dense map covers the image; a row of a cell asked alone is that cell's row", async () => {
    const detector = detectorOf("detr-small");
    // 96×64 pixels, cells of 16: 6×4, of 10 of the image's pixels each.
    const centres = [0, 1, 2, 3].flatMap((row) =>
      [0, 1, 2, 3, 4, 5].map((column) => ({ x: column * 10 + 5, y: row * 10 + 5 })),
    );
    const { points } = await detector.explain(image, { points: centres });
    const alone = await detector.explain(image, { points: centres.slice(9, 10) });
    const [only] = alone.points;
    expect(points.map(({ attention }) => attention.kind === "dense" && [attention.width, attention.height])).toEqual(
      centres.map(() => [6, 4]),
    );
    weightsOf(only?.attention as AttendedImage).forEach((weight, cell) =>
      expect(weight).toBeCloseTo(weightsOf(points[9]?.attention as AttendedImage)[cell] as number, 5),
    );
    detector.dispose();
  });

  test("an untrained encoder samples on rays around the point that was asked for, in pixels of the image", async () => {
    const detector = detectorOf("deformable-detr-small");
    const { points } = await detector.explain(image, { points: [{ x: 20, y: 10 }], encoderLayer: 0 });
    const attention = points[0]?.attention as AttendedImage & { kind: "sampled" };
    // The finest level has cells of 8 of the 96×64 pixels, so of 5 of the image's: the point's cell has its centre at
    // 22.5, 12.5. The first head looks to the right, the second to the left, a cell further with each point.
    const finest = attention.points.filter(({ level }) => level === 0);
    const right = finest.filter(({ head }) => head === 0);
    right.forEach(({ x, y }, index) => {
      expect(x).toBeCloseTo(22.5 + 5 * (index + 1), 3);
      expect(y).toBeCloseTo(12.5, 3);
    });
    expect(finest.filter(({ head }) => head === 1).every(({ x }) => x < 22.5)).toBe(true);
    expect(new Set(attention.points.map(({ level }) => level)).size).toBeGreaterThan(1);
    detector.dispose();
  });

  test("another layer looks elsewhere; what does not exist is named, nothing is left", async () => {
    const detector = detectorOf("detr-small");
    const before = memory().numTensors;
    const of = async (decoderLayer: number): Promise<readonly number[]> =>
      weightsOf(
        (await detector.explain(image, { threshold: 0, limit: 1, decoderLayer })).detections[0]
          ?.attention as AttendedImage,
      );
    expect(await of(0)).not.toEqual(await of(2));
    await expect(of(3)).rejects.toThrow("decoderLayer expected a whole number from 0 to 2, got 3");
    await expect(detector.explain(image, { points: [{ x: 1, y: 1 }], encoderLayer: -1 })).rejects.toThrow(
      "encoderLayer expected a whole number from 0 to 1, got -1",
    );
    await expect(detector.explain(image, { points: [{ x: 61, y: 3 }] })).rejects.toThrow(
      "points[0] expected a place in the image of 60x40, got 61,3",
    );
    await expect(detector.explain(image, { threshold: 2 })).rejects.toThrow("threshold expected a number from 0 to 1");
    expect(memory().numTensors).toBe(before);
    detector.dispose();
  });
});
