import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startBackend } from "@detrkit/backend";
import { saveCheckpoint } from "@detrkit/checkpoint";
import type { Detection } from "@detrkit/common";
import { createDetector, type DetectorConfig, presets } from "@detrkit/detr";
import { decodeImage, encodePng, fixedSize, readImageHeader } from "@detrkit/image";
import { descriptionMetadata } from "@detrkit/inference";
import { segmentIdsOfColours } from "@detrkit/masks";
import { temporaryFolder } from "@detrkit/test-utils";
import { beforeAll, expect, test } from "vitest";
import type { ImagePrediction } from "../src/inference/prediction.ts";
import { type CliResult, expectExit, runCli } from "./support/run-cli.ts";

const folder = temporaryFolder();
const photos = join(folder, "photos");
const checkpoint = join(folder, "masks.safetensors");
const [width, height] = [61, 47];
const categories = [
  { id: 17, name: "cat" },
  { id: 187, name: "sky", isThing: false },
];

/** A small model of random weights. */
async function writeModel(path: string, masks: boolean): Promise<void> {
  const { backbone, transformer, ...rest } = presets["detr-small"];
  const detector: DetectorConfig = {
    ...rest,
    backbone: { ...backbone, width: 8 },
    transformer: { ...transformer, dim: 32, feedForwardDim: 24 },
    numClasses: 2,
    numQueries: 3,
    ...(masks && { masks: { contextDim: 128 } }),
  };
  const model = createDetector(detector, { seed: 4 });
  const transforms = fixedSize({ width: 32, height: 32 }, { training: false });
  await saveCheckpoint(path, { model, metadata: descriptionMetadata({ detector, categories, transforms }) });
  model.dispose();
}

beforeAll(async () => {
  await startBackend({ prefer: "cpu" });
  await writeModel(checkpoint, true);
  await mkdir(photos);
  for (const name of ["a", "b"]) {
    const data = Uint8Array.from(
      { length: width * height * 3 },
      (_, at) => (at * (name === "a" ? 7919 : 104_729)) % 251,
    );
    await writeFile(join(photos, `${name}.png`), await encodePng({ width, height, data }));
  }
});

const predict = async (...args: readonly string[]): Promise<CliResult> =>
  await runCli("predict", "--checkpoint", checkpoint, "--backend", "cpu", "--threshold", "0", ...args);

test("detections have masks of the image's size, which --no-masks leaves away; pictures show them", async () => {
  const [withMasks, without] = ["with", "without"].map((name) => join(folder, name)) as [string, string];
  const flags = ["--picture-type", "png", join(photos, "a.png")];
  const first = await predict("--output", withMasks, ...flags);
  expectExit(first, 0);
  const detections = JSON.parse(first.stdout) as Detection[];
  expect(detections).toHaveLength(3);
  expect(detections.map(({ mask }) => mask?.size)).toEqual(detections.map(() => [height, width]));
  const second = await predict("--no-masks", "--output", without, ...flags);
  expectExit(second, 0);
  // JSON leaves out what is undefined.
  const plain = JSON.stringify(detections.map((detection) => ({ ...detection, mask: undefined })));
  expect(JSON.parse(second.stdout)).toEqual(JSON.parse(plain));
  const pictures = await Promise.all([withMasks, without].map((output) => decodeImage(join(output, "a.png"))));
  expect(pictures[0]?.data).not.toEqual(pictures[1]?.data);
});

test("--panoptic writes COCO's panoptic files and pictures, and tells of them in the JSON", async () => {
  const output = join(folder, "panoptic");
  const result = await predict("--panoptic", "--panoptic-threshold", "0", "--output", output, photos);
  expectExit(result, 0);
  expect(result.stderr).toContain(`saved: ${join(output, "panoptic.json")}`);
  const predictions = JSON.parse(result.stdout) as ImagePrediction[];
  const listed = JSON.parse(await readFile(join(output, "panoptic.json"), "utf8")) as {
    readonly annotations: readonly {
      readonly file_name: string;
      readonly segments_info: readonly { id: number; area: number }[];
    }[];
    readonly categories: readonly object[];
  };
  expect(listed.categories).toEqual([
    { id: 17, name: "cat", isthing: 1 },
    { id: 187, name: "sky", isthing: 0 },
  ]);
  expect(predictions.map(({ panoptic }) => (panoptic?.segments.length ?? 0) > 0)).toEqual([true, true]);
  for (const [index, { image, panoptic }] of predictions.entries()) {
    const name = index === 0 ? "a" : "b";
    expect([image, panoptic?.ids]).toEqual([join(photos, `${name}.png`), join(output, "panoptic", `${name}.png`)]);
    const { segments_info: infos = [], file_name: file } = listed.annotations[index] ?? {};
    expect(file).toBe(`${name}.png`);
    expect(infos.map(({ id, area }) => [id, area])).toEqual(panoptic?.segments.map(({ id, area }) => [id, area]));
    const counts = new Map<number, number>();
    for (const id of segmentIdsOfColours((await decodeImage(panoptic?.ids ?? "")).data))
      counts.set(id, (counts.get(id) ?? 0) + 1);
    for (const { id, area } of infos) expect(counts.get(id)).toBe(area);
    const drawn = await readImageHeader(panoptic?.picture ?? "");
    expect(drawn).toMatchObject({ format: "jpeg", width });
  }
});

test("--panoptic without pictures writes none, and a model of boxes is refused beforehand", async () => {
  const output = join(folder, "no-pictures");
  expectExit(await predict("--panoptic", "--no-pictures", "--output", output, join(photos, "a.png")), 0);
  expect(existsSync(join(output, "panoptic.json"))).toBe(true);
  expect(existsSync(join(output, "panoptic-pictures"))).toBe(false);
  const boxes = join(folder, "boxes.safetensors");
  await writeModel(boxes, false);
  const refused = await runCli(
    "predict",
    "--checkpoint",
    boxes,
    "--backend",
    "cpu",
    "--panoptic",
    join(photos, "a.png"),
  );
  expectExit(refused, 2);
  expect(refused.stderr).toContain(`--panoptic needs a model with masks, and ${boxes} finds boxes only`);
});
