import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { saveCheckpoint } from "@detrkit/checkpoint";
import { createDetector, type DetectorConfig, presets } from "@detrkit/detr";
import { encodePng, fixedSize } from "@detrkit/image";
import { descriptionMetadata, type Explanation } from "@detrkit/inference";
import { temporaryFolder, useBackend } from "@detrkit/test-utils";
import { beforeAll, expect, test } from "vitest";
import { main } from "../cli/main.ts";

useBackend("cpu");
const folder = temporaryFolder();
const [checkpoint, photo] = [join(folder, "weights.safetensors"), join(folder, "one.png")];

beforeAll(async () => {
  const { backbone, transformer, ...rest } = presets["deformable-detr-small"];
  const detector = {
    ...rest,
    backbone: { ...backbone, width: 4 },
    transformer: { ...transformer, dim: 32, heads: 2, encoderLayers: 1, decoderLayers: 2, feedForwardDim: 13 },
    numClasses: 2,
    numQueries: 5,
  } as DetectorConfig;
  const model = createDetector(detector, { seed: 3 });
  const categories = ["cat", "dog"].map((name, id) => ({ id, name }));
  const transforms = fixedSize({ width: 64, height: 64 }, { training: false });
  await saveCheckpoint(checkpoint, { model, metadata: descriptionMetadata({ detector, categories, transforms }) });
  model.dispose();
  await writeFile(photo, await encodePng({ width: 31, height: 23, data: new Uint8Array(31 * 23 * 3).fill(90) }));
});

async function explain(...args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const written = { stdout: "", stderr: "" };
  const stream = (name: "stdout" | "stderr"): { write: (text: string) => void } => ({
    write: (text) => void (written[name] += text),
  });
  const flags = ["explain", "--checkpoint", checkpoint, "--backend", "cpu", ...args];
  const code = await main(flags, { stdout: stream("stdout"), stderr: stream("stderr") });
  return { code, ...written };
}

test("a picture is written for each detection and each point, and the same as JSON", async () => {
  const json = join(folder, "attention.json");
  const output = ["--output", join(folder, "explained"), "--json", json];
  const { code, stdout, stderr } = await explain(
    "--threshold",
    "0",
    "--limit",
    "2",
    "--point",
    "3,5",
    ...output,
    photo,
  );
  expect(`${code} ${stderr}`).toMatch(/^0 backend: cpu/u);
  const names = ["one.object-1.jpg", "one.object-2.jpg", "one.point-1.jpg"];
  expect(stdout.trimEnd().split("\n")).toEqual(names.map((name) => join(folder, "explained", name)));
  for (const name of names) {
    const bytes = await readFile(join(folder, "explained", name));
    expect([...bytes.subarray(0, 3)]).toEqual([0xff, 0xd8, 0xff]); // JPEG
  }
  const { image, detections, points } = JSON.parse(await readFile(json, "utf8")) as Explanation & { image: string };
  expect(image).toBe(photo);
  expect(detections).toHaveLength(2);
  expect(points[0]?.point).toEqual({ x: 3, y: 5 });
  const attention = detections[0]?.attention;
  expect(attention?.kind === "sampled" && attention.points.length).toBe(2 * 3 * 4);
});

test("nothing is written beside the image, nor over it", async () => {
  const beside = await explain("--threshold", "0", "--output", folder, photo);
  expect(`${beside.code} ${beside.stderr}`).toMatch(/^2 .*the folder of the images.*not written to/su);
  const over = await explain("--threshold", "0", "--output", join(folder, "explained"), "--json", photo, photo);
  expect(`${over.code} ${over.stderr}`).toMatch(/^2 .*is one of the images; choose another file/su);
});

test("where nothing is found, that is said", async () => {
  expect(await explain("--threshold", "1", "--output", join(folder, "nothing"), photo)).toMatchObject({
    code: 0,
    stdout: "",
    stderr: expect.stringContaining("one.png: nothing found from a score of 1.00 on; lower it with --threshold"),
  });
});

test.each([
  [["--point", "3"], "--point takes pairs X,Y, got 3"],
  [["--point", "3,5000"], "points[0] expected a place in the image of 31x23, got 3,5000"],
  [["--decoder-layer", "2"], "decoderLayer expected a whole number from 0 to 1, got 2"],
  [["two.png"], "two.png does not exist; check the path"],
  [[folder], "explain takes one image"],
])("%j is refused", async (flags, message) => {
  const output = ["--output", join(folder, "refused")];
  const { code, stderr } = await explain("--threshold", "0", ...output, ...flags, photo);
  expect(code).toBe(2);
  expect(stderr).toContain(message);
});
