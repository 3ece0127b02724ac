import { execFileSync } from "node:child_process";
import { copyFile, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { readParameters, readSafetensors, saveCheckpoint, type TensorData } from "@detrkit/checkpoint";
import { Random } from "@detrkit/common";
import { createDetector, type DetectorConfig, presets } from "@detrkit/detr";
import { detrRecipe, fixedSize } from "@detrkit/image";
import { convertDetector, descriptionMetadata, loadDetector, readWeights } from "@detrkit/inference";
import { expectClose, temporaryFolder, useBackend } from "@detrkit/test-utils";
import { tensor, tensor3d, tensor4d, tidy } from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { cacheFolder } from "../../tools/bootstrap/cache-folder.mjs";
import { existingPythonEnvironment } from "./python-environment.ts";

// Against the real package. Its environment takes 1 GB: `npm run transformers` makes it and then runs this file.
const python = await existingPythonEnvironment(cacheFolder());
const script = join(import.meta.dirname, "..", "peers", "transformers_answers.py");
const photo = join(import.meta.dirname, "..", "..", "docs", "images", "browser.jpg");
const folder = temporaryFolder();
useBackend("native");

const transformer = { heads: 4, encoderLayers: 1, decoderLayers: 2, feedForwardDim: 24, dim: 32 };
const categories = ["cat", "dog", "hen"].map((name, id) => ({ id, name }));
const detrPreset = presets["detr-r50"];
const detr: DetectorConfig = {
  ...detrPreset,
  backbone: { ...detrPreset.backbone, depth: 18, width: 64 },
  transformer: { ...detrPreset.transformer, ...transformer },
  numClasses: 3,
  numQueries: 7,
};
// The channels of a mask head need a width of 128.
const withMasks: DetectorConfig = {
  ...detr,
  transformer: { ...detrPreset.transformer, ...transformer, dim: 128, heads: 8 },
  masks: { contextDim: 128 },
};
const deformable = (preset: keyof typeof presets, width: number): DetectorConfig => {
  const settings = presets[preset] as (typeof presets)["deformable-detr-r50"];
  return {
    ...settings,
    backbone: { ...settings.backbone, depth: 18, width },
    transformer: { ...settings.transformer, ...transformer },
    numClasses: 3,
    numQueries: 7,
  };
};
const learned: DetectorConfig = {
  ...detr,
  backbone: { ...detr.backbone, width: 8 },
  positionEncoding: { kind: "learned" },
};
const recipe = detrRecipe({ training: false, shortSides: [64], maxSide: 96 });

/** Numbers that are all different, with variances above zero. */
async function randomCheckpoint(
  path: string,
  detector: DetectorConfig,
  transforms = recipe,
): Promise<ReadonlyMap<string, TensorData>> {
  const model = createDetector(detector, { seed: 3 });
  const random = new Random(5);
  for (const [name, parameter] of model.parameters()) {
    const own = await parameter.value.data();
    const noise = name.includes("samplingOffsets") ? 0.1 : 0.03;
    const values = Float32Array.from(own, (value) => value + noise * random.normal());
    if (name.endsWith("runningVariance"))
      for (let at = 0; at < values.length; at++) values[at] = 0.5 + random.uniform();
    parameter.assign(tensor(values, [...parameter.shape]));
  }
  await saveCheckpoint(path, { model, metadata: descriptionMetadata({ detector, categories, transforms }) });
  const parameters = await readParameters(model);
  model.dispose();
  return parameters;
}

const byName = (tensors: ReadonlyMap<string, TensorData>): unknown => Object.fromEntries(tensors);

describe.skipIf(python === undefined)("Transformers (skipped where npm run transformers never was)", () => {
  test.each([
    ["DETR", detr, recipe],
    ["DETR with learned positions", learned, recipe],
    ["DETR with masks", withMasks, recipe],
    ["Deformable DETR", deformable("deformable-detr-r50", 64), recipe],
    [
      "Deformable DETR at one size",
      deformable("deformable-detr-r50", 8),
      fixedSize({ width: 96, height: 64 }, { training: false }),
    ],
    ["refining Deformable DETR", deformable("deformable-detr-r50-refine", 8), recipe],
    ["two-stage Deformable DETR", deformable("deformable-detr-r50-two-stage", 8), recipe],
    ["Deformable DETR of one level", deformable("deformable-detr-r50-single-scale", 8), recipe],
  ])(
    "%s: it loads what detrkit writes, answers the same for a photo, and detrkit loads what it writes",
    async (name, config, transforms) => {
      const home = join(folder, name);
      await mkdir(home);
      const own = join(home, "own.safetensors");
      const parameters = await randomCheckpoint(own, config, transforms);
      const written = await convertDetector(own, { to: "hugging-face", output: join(home, "written") });
      const hasOriginal = config.backbone.width === 64;
      if (hasOriginal) {
        const original = await convertDetector(own, { to: "original", output: join(home, "original") });
        await copyFile(original.weights, join(home, "written", "original.safetensors"));
      }
      execFileSync(python ?? "", [script, written.weights, photo, join(home, "answer")], {
        stdio: ["ignore", "pipe", "pipe"],
      });

      const detector = await loadDetector(own);
      const { tensors } = await readSafetensors(join(home, "answer", "answer.safetensors"));
      const of = (key: string): TensorData => tensors.get(key) as TensorData;
      const [, height = 0, width = 0] = of("pixels").shape;
      tidy(() => {
        const { logits, boxes, masks } = detector.model.call({
          images: tensor4d(of("pixels").values as Float32Array, [1, height, width, 3]),
          paddingMask: tensor3d(new Uint8Array(height * width), [1, height, width], "bool"),
          sizes: [{ height, width }],
        });
        expectClose(logits, of("logits").values as Float32Array, { atol: 5e-4 });
        expectClose(boxes, of("boxes").values as Float32Array, { atol: 5e-4 });
        expect(masks !== undefined).toBe("masks" in config);
        if (masks !== undefined) expectClose(masks.all(), of("masks").values as Float32Array, { atol: 2e-3 });
      });

      const theirs = JSON.parse(await readFile(join(home, "answer", "detections.json"), "utf8")) as readonly {
        readonly label: string;
        readonly score: number;
        readonly box: readonly number[];
      }[];
      const { detections } = await detector.detect(photo, { threshold: 0 });
      const sorted = theirs.toSorted((one, other) => other.score - one.score);
      expect(detections).toHaveLength(sorted.length);
      for (const [index, { score, box }] of detections.entries()) {
        expect(Math.abs(score - (sorted[index]?.score ?? NaN))).toBeLessThan(2e-3);
        // Scores may be equal but for rounding: the box is that of one with nearly this score.
        const near = sorted.filter((other) => Math.abs(other.score - score) < 4e-3);
        const ours = [box.xmin, box.ymin, box.xmax, box.ymax];
        const distance = Math.min(
          ...near.map((other) => Math.max(...other.box.map((edge, at) => Math.abs(edge - (ours[at] ?? NaN))))),
        );
        expect([index, distance < 3]).toEqual([index, true]);
      }
      detector.dispose();

      const saved = await loadDetector(join(home, "answer", "saved"));
      expect(byName(await readParameters(saved.model))).toEqual(byName(parameters));
      expect(saved.classes).toEqual(["cat", "dog", "hen"]);
      expect(saved.description.transforms).toEqual(transforms);
      saved.dispose();
      if (!hasOriginal) return;
      const pth = await loadDetector(join(home, "answer", "original.pth"));
      expect(byName(await readParameters(pth.model))).toEqual(byName(parameters));
      expect(pth.description.detector).toEqual(config);
      pth.dispose();
      const started = await readWeights(join(home, "answer", "original.pth"));
      const { heads } = config.transformer;
      expect(started).toMatchObject({ settings: { numQueries: 7, transformer: { heads } }, unknown: [] });
      expect(byName(started.tensors)).toEqual(byName(parameters));
      const resnet = await readWeights(join(home, "answer", "resnet.pth"));
      expect(resnet).toMatchObject({
        format: "torchvision's ResNet",
        settings: { backbone: { depth: 18, width: 64 } },
      });
      const ofBackbone = new Map([...parameters].filter(([path]) => path.startsWith("backbone.")));
      expect(byName(resnet.tensors)).toEqual(byName(ofBackbone));
    },
    300_000,
  );
});
