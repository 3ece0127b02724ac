import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { saveCheckpoint } from "@detrkit/checkpoint";
import { createDetector, type Detection, type DetectorConfig, presets } from "@detrkit/detr";
import { encodePng, imagenetNormalisation, type RgbImage } from "@detrkit/image";
import { describeOnBackends, temporaryFolder } from "@detrkit/test-utils";
import { memory } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { descriptionMetadata } from "./description.ts";
import { type DetectedImage, Detector } from "./detector.ts";
import { loadDetector } from "./load-detector.ts";

const folder = temporaryFolder();
const categories = [
  { id: 3, name: "cat" },
  { id: 7, name: "dog" },
];

function shrunk(preset: "detr-small" | "deformable-detr-small"): DetectorConfig {
  const { backbone, transformer, ...rest } = presets[preset];
  const sizes = { dim: 32, heads: 2, encoderLayers: 1, decoderLayers: 2, feedForwardDim: 24 };
  return {
    ...rest,
    backbone: { ...backbone, width: 8 },
    transformer: { ...transformer, ...sizes },
    numClasses: 2,
    numQueries: 7,
  } as DetectorConfig;
}

/** A checkpoint of a model with random weights. */
async function checkpointOf(config: DetectorConfig): Promise<string> {
  const path = join(folder, `${config.model}.safetensors`);
  const model = createDetector(config, { seed: 4 });
  const transforms = {
    steps: [{ kind: "resize" as const, shortSides: [48], maxSide: 80 }],
    normalisation: imagenetNormalisation,
  };
  await saveCheckpoint(path, { model, metadata: descriptionMetadata({ detector: config, categories, transforms }) });
  model.dispose();
  return path;
}

const noise = (width: number, height: number): RgbImage => ({
  width,
  height,
  data: Uint8Array.from({ length: width * height * 3 }, (_, at) => (at * 7919) % 251),
});
const images = [noise(60, 40), noise(31, 97), noise(64, 64)];

/** Size and number agree, and scores and boxes do in the mean, boxes as a share of the image. */
function expectNear(found: DetectedImage | undefined, expected: DetectedImage | undefined, tolerance: number): void {
  if (found === undefined || expected === undefined) throw new Error("an image is missing");
  expect(found).toMatchObject({ width: expected.width, height: expected.height });
  expect(found.detections).toHaveLength(expected.detections.length);
  const means = ({ detections, width }: DetectedImage): number[] => {
    const mean = (of: (detection: Detection) => number): number =>
      detections.reduce((sum, one) => sum + of(one), 0) / detections.length;
    return [mean(({ score }) => score), mean(({ box }) => box.xmin / width), mean(({ box }) => box.ymax / width)];
  };
  means(found).forEach((mean, index) =>
    expect(Math.abs(mean - (means(expected)[index] as number))).toBeLessThan(tolerance),
  );
}

describeOnBackends("Detector", () => {
  for (const preset of ["detr-small", "deformable-detr-small"] as const) {
    test(`${preset}: images of one size give together what each gives alone, those of others nearly`, async () => {
      const detector = await loadDetector(await checkpointOf(shrunk(preset)));
      const before = memory().numTensors;
      const alone: DetectedImage[] = [];
      for (const image of images) alone.push(await detector.detect(image, { threshold: 0 }));
      const [first, second, third] = images as [RgbImage, RgbImage, RgbImage];
      const [same, again] = await detector.detect([first, first], { threshold: 0 });
      expectNear(same, alone[0], 1e-4);
      expectNear(again, alone[0], 1e-4);
      // Padding reaches into an image through the convolutions.
      const together = await detector.detect([first, second, third], { threshold: 0, batchSize: 2 });
      together.forEach((found, index) => expectNear(found, alone[index], index < 2 ? 0.1 : 1e-4));
      expect(memory().numTensors).toBe(before);
      detector.dispose();
    });
  }

  test("paths and bytes are decoded; pixels of the wrong length and files without an image are refused", async () => {
    const detector = await loadDetector(await checkpointOf(shrunk("detr-small")));
    const [image] = images as [RgbImage];
    const [path, bytes] = [join(folder, "noise.png"), await encodePng(image)];
    await writeFile(path, bytes);
    const expected = await detector.detect(image, { threshold: 0 });
    expect(await detector.detect(path, { threshold: 0 })).toEqual(expected);
    expect(await detector.detect(bytes, { threshold: 0 })).toEqual(expected);
    const { width, height, data } = image;
    const withAlpha = Uint8ClampedArray.from({ length: width * height * 4 }, (_, at) =>
      at % 4 === 3 ? at % 256 : (data[Math.floor(at / 4) * 3 + (at % 4)] ?? 0),
    );
    expect(await detector.detect({ width, height, data: withAlpha }, { threshold: 0 })).toEqual(expected);
    const four = { width: 3, height: 2, data: new Uint8Array(24) };
    await expect(detector.detect(four)).rejects.toThrow(
      "an image of 3x2 expected 18 bytes of red, green and blue (Uint8Array), or 24 with alpha (Uint8ClampedArray: " +
        "ImageData), got 24 (Uint8Array)",
    );
    await expect(detector.detect([image, join(folder, "none.jpg")])).rejects.toThrow(
      `${join(folder, "none.jpg")}: no such file`,
    );
    detector.dispose();
  });

  test("threshold, limit and labels choose, highest scores first; options out of range are named", async () => {
    const detector = await loadDetector(await checkpointOf(shrunk("deformable-detr-small")));
    const [image] = images as [RgbImage];
    const { detections } = await detector.detect(image, { threshold: 0 });
    const scores = detections.map(({ score }) => score);
    expect(scores).toEqual(scores.toSorted((a, b) => b - a));
    const middle = scores[3] as number;
    expect((await detector.detect(image, { threshold: middle })).detections).toEqual(
      detections.filter(({ score }) => score >= middle),
    );
    expect((await detector.detect(image, { threshold: 0, limit: 2 })).detections).toEqual(detections.slice(0, 2));
    expect((await detector.detect(image, { threshold: 0, labels: ["dog"] })).detections).toEqual(
      detections.filter(({ labelId }) => labelId === 7),
    );
    expect(detector.classes).toEqual(["cat", "dog"]);
    await expect(detector.detect(image, { threshold: 1.5 })).rejects.toThrow(
      "threshold expected a number from 0 to 1, got 1.5",
    );
    await expect(detector.detect(image, { limit: -1 })).rejects.toThrow("limit expected a whole number from 0, got -1");
    await expect(detector.detect(image, { batchSize: 0 })).rejects.toThrow(
      "batchSize expected a whole number from 1, got 0",
    );
    await expect(detector.detect(image, { labels: ["cow"] })).rejects.toThrow(
      "labels expected names of the model's classes (cat, dog), got cow",
    );
    detector.dispose();
  });

  test("a signal stops it between two batches, and nothing is left", async () => {
    const detector = await loadDetector(await checkpointOf(shrunk("detr-small")));
    const before = memory().numTensors;
    const stop = new AbortController();
    const running = detector.detect(images, { batchSize: 1, signal: stop.signal });
    stop.abort(new Error("enough"));
    await expect(running).rejects.toThrow("enough");
    expect(memory().numTensors).toBe(before);
    detector.dispose();
  });

  test("without a decoder, as in a browser, only pixels are taken; `await using` frees the model", async () => {
    const config = shrunk("detr-small");
    const before = memory().numTensors;
    {
      const description = {
        detector: config,
        categories,
        transforms: { steps: [], normalisation: imagenetNormalisation },
      };
      const detector = new Detector({ model: createDetector(config, { seed: 1 }), description });
      expect((await detector.detect(noise(40, 40), { threshold: 0 })).detections).toHaveLength(7);
      await expect(detector.detect("photo.jpg")).rejects.toThrow("takes pixels");
      await detector[Symbol.asyncDispose]();
    }
    expect(memory().numTensors).toBe(before);
  });
});
