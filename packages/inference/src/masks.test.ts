import { join } from "node:path";
import { readSafetensors, saveCheckpoint, type TensorData, writeSafetensors } from "@detrkit/checkpoint";
import { createDetector, type DetectionModel, type DetectorConfig, detrFamily, presets } from "@detrkit/detr";
import { imagenetNormalisation, type RgbImage } from "@detrkit/image";
import { decompressCounts } from "@detrkit/masks";
import { temporaryFolder, uniformTensor, useBackend } from "@detrkit/test-utils";
import { memory, tensor } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { cocoPanopticCategories } from "./coco-panoptic-classes.ts";
import { convertDetector } from "./convert/convert-detector.ts";
import { descriptionMetadata } from "./description.ts";
import { initialise } from "./initialise.ts";
import { loadDetector } from "./load-detector.ts";
import { readWeights } from "./weights.ts";

const folder = temporaryFolder();
useBackend("native");

const categories = [
  { id: 3, name: "cat" },
  { id: 7, name: "sky", isThing: false },
];
const transforms = {
  steps: [{ kind: "resize" as const, shortSides: [48], maxSide: 80 }],
  normalisation: imagenetNormalisation,
};

/** The smallest DETR that Transformers can have a mask head for: it needs four stages, 8 heads and a width of 128. */
function configOf(preset: "detr-r50" | "deformable-detr-small", masks?: { contextDim: number }): DetectorConfig {
  const { backbone, transformer, ...rest } = presets[preset];
  return {
    ...rest,
    backbone: { ...backbone, depth: 18, width: preset === "detr-r50" ? 64 : 4 },
    transformer: { ...transformer, dim: 128, heads: 8, encoderLayers: 1, decoderLayers: 1, feedForwardDim: 12 },
    numClasses: 2,
    numQueries: 7,
    ...(masks && { masks }),
  } as DetectorConfig;
}

async function checkpointOf(config: DetectorConfig, name: string): Promise<string> {
  const path = join(folder, name);
  const model = createDetector(config, { seed: 4 });
  // Queries that look at single cells, so that their masks differ.
  let seed = 0;
  for (const [part, parameter] of model.parameters()) {
    if (part.startsWith("maskHead.attentionMap."))
      parameter.assign(uniformTensor([...parameter.shape] as [number], { seed: (seed += 1), low: -1, high: 1 }));
  }
  await saveCheckpoint(path, { model, metadata: descriptionMetadata({ detector: config, categories, transforms }) });
  model.dispose();
  return path;
}

const noise = (width: number, height: number): RgbImage => ({
  width,
  height,
  data: Uint8Array.from({ length: width * height * 3 }, (_, at) => (at * 7919) % 251),
});

test.each(["detr-r50", "deformable-detr-small"] as const)(
  "%s: detections have masks of the image's size",
  async (preset) => {
    const config = configOf(preset, { contextDim: 128 });
    // Without trained weights, frozen norms let features grow until all masks are alike.
    const settings = { ...config, backbone: { ...config.backbone, norm: "group" } } as DetectorConfig;
    const detector = await loadDetector(await checkpointOf(settings, `${preset}.safetensors`));
    const before = memory().numTensors;
    const images = [noise(60, 40), noise(31, 97)];
    const found = await detector.detect(images, { threshold: 0 });
    for (const [index, { detections }] of found.entries()) {
      const { width, height } = images[index] as RgbImage;
      expect(detections.length).toBeGreaterThan(0);
      for (const { mask } of detections) {
        expect(mask?.size).toEqual([height, width]);
        expect(decompressCounts(mask?.counts ?? "").reduce((sum, run) => sum + run, 0)).toBe(width * height);
      }
    }
    const [first, ...others] = found[0]?.detections ?? [];
    const [kept] = await detector.detect(images, { threshold: 0, limit: 1 });
    expect(kept?.detections).toEqual([first]);
    const runs = found.flatMap(({ detections }) => detections.map(({ mask }) => decompressCounts(mask?.counts ?? "")));
    expect(runs.some(({ length }) => length > 2)).toBe(true);
    const [without] = await detector.detect(images, { threshold: 0, masks: false });
    expect(without?.detections.map(({ mask }) => mask)).toEqual([first, ...others].map(() => undefined));
    expect(memory().numTensors).toBe(before);
    detector.dispose();
  },
);

test("an image is parted into segments of things and stuff, whose areas are its pixels", async () => {
  const detector = await loadDetector(
    await checkpointOf(configOf("detr-r50", { contextDim: 128 }), "panoptic.safetensors"),
  );
  expect(detector.description.categories).toEqual(categories);
  await detector.detect(noise(60, 40));
  const before = memory().numTensors;
  const picture = await detector.panoptic(noise(60, 40), { threshold: 0, smallest: 0 });
  expect(picture).toMatchObject({ width: 60, height: 40 });
  expect(picture.segments.reduce((sum, { area }) => sum + area, 0)).toBe(60 * 40);
  for (const { id, area, label, labelId, isThing } of picture.segments) {
    expect(picture.segmentIds.filter((each) => each === id)).toHaveLength(area);
    expect([label, labelId, isThing]).toEqual(label === "sky" ? ["sky", 7, false] : ["cat", 3, true]);
  }
  const [nothing] = await detector.panoptic([noise(60, 40)], { threshold: 1 });
  expect(nothing).toEqual({ width: 60, height: 40, segmentIds: new Int32Array(2400), segments: [] });
  expect(memory().numTensors).toBe(before);
  detector.dispose();
  const boxesOnly = await loadDetector(await checkpointOf(configOf("detr-r50"), "boxes.safetensors"));
  await expect(boxesOnly.panoptic(noise(60, 40))).rejects.toThrow(
    "Detector.panoptic: this detector has no mask head; load or train one with masks",
  );
  boxesOnly.dispose();
});

/** The names that Transformers gives to the mask head since 2026, from the original's. */
const newerNames: readonly (readonly [RegExp, string])[] = [
  [/^bbox_attention\.([qk])_linear/, "bbox_attention.$1_proj"],
  [/^mask_head\.lay([12])\./, "mask_head.conv$1.conv."],
  [/^mask_head\.gn([12])\./, "mask_head.conv$1.norm."],
  [/^mask_head\.lay3\./, "mask_head.fpn_stages.0.refine.conv."],
  [/^mask_head\.gn3\./, "mask_head.fpn_stages.0.refine.norm."],
  [/^mask_head\.lay4\./, "mask_head.fpn_stages.1.refine.conv."],
  [/^mask_head\.gn4\./, "mask_head.fpn_stages.1.refine.norm."],
  [/^mask_head\.lay5\./, "mask_head.fpn_stages.2.refine.conv."],
  [/^mask_head\.gn5\./, "mask_head.fpn_stages.2.refine.norm."],
  [/^mask_head\.adapter1\./, "mask_head.fpn_stages.0.fpn_adapter."],
  [/^mask_head\.adapter2\./, "mask_head.fpn_stages.1.fpn_adapter."],
  [/^mask_head\.adapter3\./, "mask_head.fpn_stages.2.fpn_adapter."],
  [/^mask_head\.out_lay\./, "mask_head.output_conv."],
];

/** A file with the names of another release. */
async function rename(file: string, names: typeof newerNames): Promise<number> {
  const { tensors, metadata } = await readSafetensors(file);
  const renamed = [...tensors].map(([key, data]): [string, TensorData] => [
    names.reduce((name, [from, newer]) => name.replace(from, newer), key),
    data,
  ]);
  await writeSafetensors(file, new Map(renamed), metadata);
  return renamed.filter(([key]) => !tensors.has(key)).length;
}

test.each([
  { to: "original", as: "of the original", names: [], renamed: 0 },
  { to: "hugging-face", as: "of Transformers", names: [], renamed: 0 },
  // Two layers of the attention map; five convolutions and norms, three adapters and the last convolution.
  { to: "hugging-face", as: "of Transformers since 2026", names: newerNames, renamed: 2 * (2 + 2 * 5 + 3 + 1) },
] as const)(
  "masks and stuff come back from a file with the names $as to the bit",
  async ({ to, as, names, renamed }) => {
    const config = configOf("detr-r50", { contextDim: 128 });
    const own = await checkpointOf(config, `own-${as}.safetensors`);
    const { tensors: before } = await readSafetensors(own);
    const there = await convertDetector(own, { to, output: join(folder, as) });
    const [file = ""] = there.files;
    const { tensors } = await readSafetensors(file);
    const ofDetector = [...tensors.keys()].filter((key) => !/^(?:bbox_attention|mask_head)\./.test(key));
    expect(ofDetector.every((key) => key.startsWith("detr."))).toBe(true);
    expect(await rename(file, names)).toBe(renamed);
    const back = await convertDetector(there.weights, { to: "detrkit", output: join(folder, `back-${as}`) });
    const after = await readSafetensors(back.files[0] as string);
    expect(Object.fromEntries(after.tensors)).toEqual(Object.fromEntries(before));
    const detector = await loadDetector(back.weights);
    expect(detector.description.detector).toEqual(config);
    expect(detector.description.categories.map(({ isThing }) => isThing)).toEqual([undefined, false]);
    detector.dispose();
  },
);

test("a Deformable DETR with masks can be written for no other program", async () => {
  const config = configOf("deformable-detr-small", { contextDim: 128 });
  const own = await checkpointOf(config, "deformable-masks.safetensors");
  await expect(convertDetector(own, { to: "hugging-face", output: join(folder, "none") })).rejects.toThrow(
    "masks: its Deformable DETR has none",
  );
});

test("weights without masks start a model with masks, whose head is learnt anew", async () => {
  const config = configOf("detr-r50", { contextDim: 128 });
  const weights = await readWeights(await checkpointOf(configOf("detr-r50"), "without.safetensors"));
  const model: DetectionModel = createDetector(config, { seed: 9 });
  const options = { model, family: detrFamily, settings: config, classes: ["cat", "sky"] };
  const report = await initialise(weights, options);
  expect(report.missing.length).toBeGreaterThan(10);
  expect(report.missing.every((path) => path.startsWith("maskHead."))).toBe(true);
  model.dispose();
  const without: DetectionModel = createDetector(configOf("detr-r50"), { seed: 9 });
  const masks = await readWeights(await checkpointOf(config, "with.safetensors"));
  const other = await initialise(masks, { ...options, model: without, settings: configOf("detr-r50") });
  expect(other.missing).toEqual([]);
  expect(other.unexpected.every((path) => path.startsWith("maskHead."))).toBe(true);
  without.dispose();
});

test("queries of a score of 0.6 are segments of a Deformable DETR, and none of a DETR", async () => {
  for (const [preset, threshold, segments] of [
    ["detr-r50", 0.85, false],
    ["deformable-detr-small", 0.4, true],
  ] as const) {
    await using detector = await loadDetector(
      await checkpointOf(configOf(preset, { contextDim: 128 }), `${preset}-scores.safetensors`),
    );
    for (const [path, parameter] of detector.model.parameters()) {
      if (!/^classHeads?\./u.test(path)) continue;
      // Whatever the query is: softmax over two classes and none, or a sigmoid for each class.
      const logits = preset === "detr-r50" ? [Math.log(3), 0, 0] : [Math.log(1.5), -9];
      const values = Array.from({ length: parameter.size }, (_, at) => (path.endsWith("bias") ? (logits[at] ?? 0) : 0));
      parameter.assign(tensor(values, [...parameter.shape]));
    }
    expect(detector.panopticThreshold).toBe(threshold);
    const { detections } = await detector.detect(noise(60, 40), { threshold: 0.5, limit: 1 });
    expect(detections[0]?.score).toBeCloseTo(0.6, 4);
    const picture = await detector.panoptic(noise(60, 40), { smallest: 0 });
    expect(picture.segments.length > 0).toBe(segments);
  }
});

test("COCO's panoptic labels are its category ids: 80 things and 53 kinds of stuff", () => {
  const used = cocoPanopticCategories.filter(({ name }) => name !== "N/A");
  expect(cocoPanopticCategories).toHaveLength(250);
  expect(used.filter(({ isThing = true }) => isThing)).toHaveLength(80);
  expect(used.filter(({ isThing }) => isThing === false)).toHaveLength(53);
  expect(cocoPanopticCategories[200]).toEqual({ id: 200, name: "rug-merged", isThing: false });
});

test("images of one pixel and strips have masks and segments too, together with larger ones", async () => {
  for (const preset of ["detr-r50", "deformable-detr-small"] as const) {
    const config = configOf(preset, { contextDim: 128 });
    const settings = { ...config, backbone: { ...config.backbone, norm: "group" } } as DetectorConfig;
    const detector = await loadDetector(await checkpointOf(settings, `strips-${preset}.safetensors`));
    const before = memory().numTensors;
    const images = [noise(1, 1), noise(300, 1), noise(40, 30), noise(1, 300)];
    const found = await detector.detect(images, { threshold: 0 });
    const pictures = await detector.panoptic(images, { threshold: 0, smallest: 0 });
    for (const [index, { width, height }] of images.entries()) {
      expect(found[index]?.detections.length).toBeGreaterThan(0);
      for (const { mask } of found[index]?.detections ?? []) {
        expect(mask?.size).toEqual([height, width]);
        expect(decompressCounts(mask?.counts ?? "").reduce((sum, run) => sum + run, 0)).toBe(width * height);
      }
      const { segmentIds = new Int32Array(), segments = [] } = pictures[index] ?? {};
      expect(segmentIds).toHaveLength(width * height);
      expect(segments.reduce((sum, { area }) => sum + area, 0)).toBe(width * height);
    }
    expect(memory().numTensors).toBe(before);
    detector.dispose();
  }
});
