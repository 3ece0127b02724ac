import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { readParameters, saveCheckpoint } from "@detrkit/checkpoint";
import { CheckpointError } from "@detrkit/common";
import { createDetector, type DetectorConfig, presets } from "@detrkit/detr";
import { fixedSize } from "@detrkit/image/pixels";
import { temporaryFolder, useBackend } from "@detrkit/test-utils";
import { memory } from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { descriptionMetadata } from "./description.ts";
import type { DetectedImage, Detector } from "./detector.ts";
import type { DownloadProgress } from "./fetch-bytes.ts";
import { loadDetector as loadInBrowser } from "./load-detector-in-browser.ts";
import { loadDetector as loadInNode } from "./load-detector.ts";

const folder = temporaryFolder();
useBackend("cpu");

const published = join(import.meta.dirname, "..", "..", "..", "fixtures", "hugging-face", "detr");
const { backbone, transformer, ...rest } = presets["detr-small"];
const config: DetectorConfig = {
  ...rest,
  backbone: { ...backbone, width: 8 },
  transformer: { ...transformer, dim: 32, feedForwardDim: 16 },
  numQueries: 5,
};
const image = { width: 40, height: 32, data: Uint8Array.from({ length: 40 * 32 * 3 }, (_, at) => (at * 7919) % 251) };

/** Answers by path. */
const files = new Map<string, Uint8Array>();
const server = createServer((request, response) => {
  const path = request.url ?? "";
  const bytes = files.get(path.replace("/cut", ""));
  if (bytes === undefined) return void response.writeHead(404).end();
  response.writeHead(200, { "content-length": bytes.length });
  if (path.startsWith("/cut/")) return void response.write(bytes.subarray(0, 1000), () => response.destroy());
  return void response.end(bytes);
});
let address = "";
let path = "";
beforeAll(async () => {
  path = join(folder, "small.safetensors");
  const model = createDetector(config, { seed: 3 });
  const categories = ["a", "b", "c"].map((name, id) => ({ id, name }));
  const transforms = fixedSize({ width: 40, height: 32 }, { training: false });
  const save = (to: string, detector: DetectorConfig): Promise<void> =>
    saveCheckpoint(to, { model, metadata: descriptionMetadata({ detector, categories, transforms }) });
  await save(path, config);
  await save(join(folder, "larger.safetensors"), { ...config, numQueries: 1e9 });
  model.dispose();
  for (const name of ["small", "larger"])
    files.set(`/${name}.safetensors`, await readFile(join(folder, `${name}.safetensors`)));
  for (const name of ["config.json", "model.safetensors"])
    files.set(`/hub/${name}`, await readFile(join(published, name)));
  files.set("/alone/model.safetensors", await readFile(join(published, "model.safetensors")));
  files.set("/page.safetensors", new TextEncoder().encode("<!doctype html><title>not here</title>"));
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => void server.close());

async function detected(detector: Detector): Promise<DetectedImage> {
  try {
    return await detector.detect(image, { threshold: 0 });
  } finally {
    detector.dispose();
  }
}

test("an address, an answer and bytes give the detector that Node loads from the file", async () => {
  const before = memory().numTensors;
  const expected = await detected(await loadInNode(path));
  expect(expected.detections.length).toBeGreaterThan(0);
  const at = `${address}/small.safetensors`;
  const bytes = await readFile(path);
  for (const source of [at, new URL(at), await fetch(at), new Uint8Array(bytes), new Uint8Array(bytes).buffer]) {
    const detector = await loadInBrowser(source);
    expect(detector.classes).toEqual(["a", "b", "c"]);
    expect(await detected(detector)).toEqual(expected);
  }
  expect(memory().numTensors).toBe(before);
});

test("weights of Transformers take their settings from beside them, and do without", async () => {
  const detector = await loadInBrowser(`${address}/hub/model.safetensors`);
  const expected = await loadInNode(published);
  expect(detector.classes).toEqual(["N/A", "cat", "dog"]);
  expect(detector.description).toEqual(expected.description);
  expect(await readParameters(detector.model)).toEqual(await readParameters(expected.model));
  const lone = await loadInBrowser(`${address}/alone/model.safetensors`);
  const loneInNode = await loadInNode(join(published, "model.safetensors"));
  expect(lone.description).toEqual(loneInNode.description);
  expect(lone.classes).not.toEqual(detector.classes);
  [detector, expected, lone, loneInNode].forEach(freed);
});

function freed(detector: Detector): Detector {
  detector.dispose();
  return detector;
}

test("a download says how far it is, and ends when it is told to", async () => {
  const at = `${address}/small.safetensors`;
  const total = files.get("/small.safetensors")?.length ?? NaN;
  const seen: DownloadProgress[] = [];
  freed(await loadInBrowser(at, { onProgress: (progress) => seen.push(progress) }));
  expect(seen.at(-1)).toEqual({ loaded: total, total });
  const stop = new AbortController();
  const stopped = new Error("the page was left");
  const onProgress = (): void => stop.abort(stopped);
  await expect(loadInBrowser(at, { onProgress, signal: stop.signal })).rejects.toBe(stopped);
  // An answer has no part in the signal.
  const other = new AbortController();
  const loading = loadInBrowser(await fetch(at), { onProgress: () => other.abort(stopped), signal: other.signal });
  await expect(loading).rejects.toBe(stopped);
});

test("what can't be fetched is named, with what the server said", async () => {
  const refused = (name: string, message: string): Promise<void> =>
    expect(loadInBrowser(`${address}/${name}`)).rejects.toThrow(new CheckpointError(`${address}/${name}: ${message}`));
  await refused("none.safetensors", "can't be fetched: the server answered 404 Not Found");
  await refused("cut/small.safetensors", "broke off after 1000 bytes (terminated)");
  await expect(loadInBrowser(`${address}/page.safetensors`)).rejects.toThrow(
    `${address}/page.safetensors: is not a safetensors file: its first 8 bytes give a header of`,
  );
  await expect(loadInBrowser("http://127.0.0.1:1/a.safetensors")).rejects.toThrow(
    "http://127.0.0.1:1/a.safetensors: can't be fetched (",
  );
});

test("a description that is larger than the file is refused as in Node", async () => {
  const message = "numQueries cannot be";
  await expect(loadInNode(join(folder, "larger.safetensors"))).rejects.toThrow(message);
  await expect(loadInBrowser(`${address}/larger.safetensors`)).rejects.toThrow(message);
});
