import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { loadDetector } from "@detrkit/inference";
import { temporaryFolder } from "@detrkit/test-utils";
import { afterAll, beforeAll, expect, test } from "vitest";
import type * as z from "zod";
import { detectManyAnswer, detectOneAnswer } from "../src/api/detections.ts";
import { explainAnswer } from "../src/api/explanations.ts";
import { huggingFaceAnswer } from "../src/api/hugging-face.ts";
import { inferAnswer, modelMetadata, serverMetadata } from "../src/api/inference-protocol.ts";
import { modelsAnswer } from "../src/api/models.ts";
import { problemSchema } from "../src/api/problems.ts";
import { picture, post, postJson, type RunningServer, startServer } from "./support/running-server.ts";
import { categories, noise, writeUntrained } from "./support/untrained.ts";

const folder = temporaryFolder();
const [sampling, dense] = [join(folder, "sampling.safetensors"), join(folder, "dense.safetensors")];
let running: RunningServer;
let wide: Uint8Array<ArrayBuffer>;
let tall: Uint8Array<ArrayBuffer>;

beforeAll(async () => {
  await writeUntrained(sampling);
  await writeUntrained(dense, { preset: "detr-small" });
  running = await startServer({ sampling, dense });
  [wide, tall] = [await picture(90, 70), await picture(40, 61)];
}, 120_000);
afterAll(() => running.server.stop());

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");

/** The numbers of detections, rounded: another process may sum in another order. */
const rounded = (detections: readonly { readonly score: number; readonly box: object }[]): number[][] =>
  detections.map(({ score, box }) => [score, ...(Object.values(box) as number[])].map((value) => +value.toFixed(3)));

test("bytes are answered with what detector.detect finds, in the image's own pixels", async () => {
  const answer = await running.ask("/v1/detect?threshold=0", post(wide));
  expect(answer.status).toBe(200);
  const { model, width, height, detections, timing } = detectOneAnswer.parse(await answer.json());
  expect({ model, width, height, batchSize: timing.batchSize }).toEqual({
    model: "sampling",
    width: 90,
    height: 70,
    batchSize: 1,
  });
  await using detector = await loadDetector(sampling);
  const expected = await detector.detect(noise(90, 70), { threshold: 0 });
  expect(detections).toHaveLength(14);
  expect(rounded(detections)).toEqual(rounded(expected.detections));
});

test("a form and JSON get a list in the order of their images, with their names", async () => {
  const alone = detectOneAnswer.parse(await (await running.ask("/v1/detect?threshold=0", post(tall))).json());
  const form = new FormData();
  for (const [name, bytes] of [
    ["a.png", wide],
    ["b.png", tall],
  ] as const)
    form.append("image", new Blob([bytes]), name);
  const ofForm = await running.ask("/v1/detect?threshold=0", { method: "POST", body: form });
  const body = {
    images: [
      { data: base64(wide), name: "a.png" },
      { data: `data:image/png;base64,${base64(tall)}`, name: "b.png" },
    ],
    threshold: 0,
  };
  const ofJson = await running.ask("/v1/detect", postJson(body));
  for (const answer of [ofForm, ofJson]) {
    const { images } = detectManyAnswer.parse(await answer.json());
    expect(images.map(({ name, width, height }) => [name, width, height])).toEqual([
      ["a.png", 90, 70],
      ["b.png", 40, 61],
    ]);
    expect(rounded(images[1]?.detections ?? [])).toEqual(rounded(alone.detections));
  }
});

test("threshold, limit and labels choose, and the query goes before the body", async () => {
  const ask = async (query: string, init = post(wide)): Promise<readonly { label: string; score: number }[]> =>
    detectOneAnswer.parse(await (await running.ask(`/v1/detect?${query}`, init)).json()).detections;
  const all = await ask("threshold=0");
  const middle = all[3]?.score ?? 0;
  expect(await ask(`threshold=${middle}`)).toEqual(all.filter(({ score }) => score >= middle));
  expect(await ask("threshold=0&limit=2")).toEqual(all.slice(0, 2));
  expect(await ask("threshold=0&labels=dog")).toEqual(all.filter(({ label }) => label === "dog"));
  expect(await ask("threshold=0&labels=dog&labels=cat")).toEqual(all);
  expect(await ask("")).toEqual([]);
  const body = postJson({ images: [{ data: base64(wide) }], threshold: 0.9, limit: 5 });
  const both = await running.ask("/v1/detect?threshold=0", body);
  expect(detectManyAnswer.parse(await both.json()).images[0]?.detections).toHaveLength(5);
});

test("a body whose type nobody says is an image, as Hugging Face's client sends it", async () => {
  const body = { method: "POST", body: wide };
  const answer = await running.ask("/?threshold=0", body);
  expect(huggingFaceAnswer.parse(await answer.json())).toHaveLength(14);
  expect((await running.ask("/v1/detect", body)).status).toBe(200);
});

test("curl without a content type of its own, and a model by its name", async () => {
  const answer = await running.ask("/v1/detect?model=dense", post(wide, "application/x-www-form-urlencoded"));
  expect(detectOneAnswer.parse(await answer.json()).model).toBe("dense");
});

test("explain tells where each model looked: points, or a map", async () => {
  const sampled = await running.ask("/v1/explain?threshold=0&limit=2&points=1,2&points=30.5,40", post(wide));
  const answer = explainAnswer.parse(await sampled.json());
  expect(answer.detections).toHaveLength(2);
  expect(answer.points.map(({ point }) => point)).toEqual([
    { x: 1, y: 2 },
    { x: 30.5, y: 40 },
  ]);
  expect(answer).toMatchObject({ decoderLayer: 1, encoderLayer: 0 });
  expect(answer.detections[0]?.attention.kind).toBe("sampled");
  const body = { image: base64(wide), model: "dense", threshold: 0, limit: 1, decoderLayer: 0 };
  const mapped = explainAnswer.parse(await (await running.ask("/v1/explain", postJson(body))).json());
  expect(mapped).toMatchObject({ model: "dense", decoderLayer: 0, points: [] });
  expect(mapped.detections[0]?.attention.kind).toBe("dense");
  const outside = await running.ask("/v1/explain?decoderLayer=9", post(wide));
  expect(outside.status).toBe(422);
  expect(await outside.json()).toMatchObject({ code: "invalid-option" });
});

test("Hugging Face's clients get their list, for bytes and for JSON", async () => {
  const ofBytes = huggingFaceAnswer.parse(await (await running.ask("/?threshold=0", post(wide))).json());
  const body = { inputs: base64(wide), parameters: { threshold: 0 } };
  const ofJson = huggingFaceAnswer.parse(await (await running.ask("/", postJson(body))).json());
  expect(ofBytes).toHaveLength(14);
  expect(ofJson).toEqual(ofBytes);
});

test("the Open Inference Protocol: health, metadata, and an inference with a row for each detection", async () => {
  const get = async (path: string): Promise<unknown> => (await running.ask(path)).json();
  expect(serverMetadata.parse(await get("/v2")).name).toBe("detrkit-serve");
  expect(await get("/v2/health/live")).toEqual({ live: true });
  expect(await get("/v2/health/ready")).toEqual({ ready: true });
  expect(await get("/v2/models/dense/ready")).toEqual({ name: "dense", ready: true });
  expect(modelMetadata.parse(await get("/v2/models/dense")).inputs).toEqual([
    { name: "images", datatype: "BYTES", shape: [-1] },
  ]);
  const images = { name: "images", datatype: "BYTES", shape: [2], data: [base64(wide), base64(tall)] };
  const body = { id: "7", inputs: [images], parameters: { threshold: 0, limit: 3 } };
  const answer = inferAnswer.parse(await (await running.ask("/v2/models/sampling/infer", postJson(body))).json());
  expect(answer).toMatchObject({ model_name: "sampling", id: "7" });
  expect(answer.outputs.map(({ name, shape }) => [name, shape])).toEqual([
    ["image", [6]],
    ["box", [6, 4]],
    ["score", [6]],
    ["label", [6]],
    ["label_id", [6]],
  ]);
  expect(answer.outputs[0]?.data).toEqual([0, 0, 0, 1, 1, 1]);
  const wrong = await running.ask("/v2/models/sampling/infer", postJson({ inputs: [{ ...images, shape: [3] }] }));
  expect(wrong.status).toBe(422);
  const problem = problemSchema.parse(await wrong.json());
  expect(problem.code).toBe("invalid-tensor");
  // Where the protocol's clients look.
  expect(problem.error).toBe(problem.detail);
});

test("the Open Inference Protocol takes pixels, in JSON and in bytes, and finds the same", async () => {
  const { data, width, height } = noise(90, 70);
  const asked = { parameters: { threshold: 0 }, outputs: [{ name: "score" }, { name: "label_id" }] };
  const infer = async (init: RequestInit): Promise<z.infer<typeof inferAnswer>["outputs"]> => {
    const answer = await running.ask("/v2/models/sampling/infer", init);
    expect(answer.status).toBe(200);
    return inferAnswer.parse(await answer.json()).outputs;
  };
  const inJson = (input: object): Promise<z.infer<typeof inferAnswer>["outputs"]> =>
    infer(postJson({ ...asked, inputs: [{ name: "images", ...input }] }));
  const inBytes = (input: object, bytes: Uint8Array): Promise<z.infer<typeof inferAnswer>["outputs"]> => {
    const parameters = { binary_data_size: bytes.length };
    const json = Buffer.from(JSON.stringify({ ...asked, inputs: [{ name: "images", ...input, parameters }] }));
    const headers = { "inference-header-content-length": String(json.length) };
    return infer(post(new Uint8Array(Buffer.concat([json, bytes])), "application/json", { headers }));
  };
  // As Triton's client sends it.
  const withoutType = (input: object): Promise<z.infer<typeof inferAnswer>["outputs"]> =>
    infer({ method: "POST", body: Buffer.from(JSON.stringify({ ...asked, inputs: [{ name: "images", ...input }] })) });
  const expected = await inJson({ datatype: "BYTES", shape: [1], data: [base64(wide)] });
  expect(expected.map(({ shape }) => shape)).toEqual([[14], [14]]);
  const fractions = Float32Array.from(data, (value) => value / 255);
  const rows = Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => Array.from(data.slice((y * width + x) * 3, (y * width + x) * 3 + 3))),
  );
  const [single, batch] = [{ shape: [height, width, 3] }, { shape: [1, height, width, 3] }];
  const length = Buffer.alloc(4);
  length.writeUInt32LE(wide.length);
  for (const answer of [
    await inJson({ datatype: "UINT8", ...single, data: [...data] }),
    await inJson({ datatype: "UINT8", ...batch, data: [rows] }),
    await inJson({ datatype: "FP32", ...single, data: [...fractions] }),
    await inBytes({ datatype: "UINT8", ...single }, data),
    await withoutType({ datatype: "UINT8", ...single, data: [...data] }),
    await inBytes({ datatype: "FP32", ...batch }, new Uint8Array(fractions.buffer)),
    await inBytes({ datatype: "BYTES", shape: [1] }, Buffer.concat([length, wide])),
  ])
    expect(answer).toEqual(expected);
  const two = await inBytes({ datatype: "UINT8", shape: [2, height, width, 3] }, Buffer.concat([data, data]));
  const scores = (expected[0]?.data ?? []) as number[];
  // A batch sums in another order.
  [...scores, ...scores].forEach((score, index) => expect(two[0]?.data?.[index]).toBeCloseTo(score, 4));
});

test("outputs of the Open Inference Protocol come as bytes where they are asked for", async () => {
  const inputs = [{ name: "images", datatype: "BYTES", shape: [1], data: [base64(wide)] }];
  const outputs = [
    { name: "image", parameters: { binary_data: false } },
    { name: "box" },
    { name: "label" },
    { name: "label_id" },
  ];
  const parameters = { threshold: 0, limit: 2 };
  const ask = (body: object): Promise<Response> => running.ask("/v2/models/sampling/infer", postJson(body));
  const plain = inferAnswer.parse(await (await ask({ inputs, outputs, parameters })).json());
  const answer = await ask({ inputs, outputs, parameters: { ...parameters, binary_data_output: true } });
  expect(answer.headers.get("content-type")).toBe("application/octet-stream");
  const bytes = Buffer.from(await answer.arrayBuffer());
  const end = Number(answer.headers.get("inference-header-content-length"));
  const written = inferAnswer.parse(JSON.parse(bytes.toString("utf8", 0, end)));
  expect(written.outputs.map(({ name, data, parameters: of }) => [name, data, of?.binary_data_size])).toEqual([
    ["image", [0, 0], undefined],
    ["box", undefined, 32],
    ["label", undefined, 14],
    ["label_id", undefined, 16],
  ]);
  const [, box, label, labelId] = plain.outputs.map(({ data = [] }) => data);
  const after = bytes.subarray(end);
  box?.forEach((value, index) => expect(after.readFloatLE(index * 4)).toBeCloseTo(Number(value), 3));
  expect(after.toString("utf8", 36, 39)).toBe(label?.[0]);
  expect(after.readBigInt64LE(54)).toBe(BigInt(labelId?.[1] ?? 0));
});

test("models are listed with what a browser needs, and their weights are the file", async () => {
  const { models } = modelsAnswer.parse(await (await running.ask("/v1/models")).json());
  expect(models.map(({ name, ready }) => [name, ready])).toEqual([
    ["sampling", true],
    ["dense", true],
  ]);
  expect(models[0]?.classes).toEqual(categories);
  const weights = await running.ask(models[0]?.weights?.url ?? "");
  expect(Number(weights.headers.get("content-length"))).toBe(models[0]?.weights?.bytes);
  const bytes = new Uint8Array(await weights.arrayBuffer());
  expect(Buffer.compare(bytes, await readFile(sampling))).toBe(0);
  const again = await running.ask(models[0]?.weights?.url ?? "", {
    headers: { "if-none-match": weights.headers.get("etag") ?? "" },
  });
  expect(again.status).toBe(304);
  expect((await running.ask("/v1/models/sampling/files/config.json")).status).toBe(404);
});

test("figures, documents and the page's place", async () => {
  await running.ask("/v1/detect", post(wide));
  const metrics = await (await running.ask("/metrics")).text();
  expect(metrics).toMatch(/detrkit_serve_requests_total\{route="\/v1\/detect",method="POST",status="200"\} \d+/u);
  expect(metrics).toMatch(/detrkit_serve_batch_images_count\{model="sampling"\} \d+/u);
  expect(metrics).toContain('detrkit_serve_queue_images{model="sampling"} 0');
  const document = (await (await running.ask("/openapi.json")).json()) as { readonly paths: object };
  expect(Object.keys(document.paths)).toContain("/v1/detect");
  expect((await running.ask("/docs/")).status).toBe(200);
  const page = await running.ask("/");
  expect(page.headers.get("content-security-policy")).toContain("default-src 'self'");
  expect(page.headers.get("x-content-type-options")).toBe("nosniff");
});

test("the built page and its files are served, and nothing beside them", async () => {
  const pageFolder = join(folder, "page");
  await mkdir(join(pageFolder, "assets"), { recursive: true });
  await writeFile(join(pageFolder, "index.html"), "<title>try it</title>");
  await writeFile(join(pageFolder, "assets", "page.js"), "export {};");
  await writeFile(join(pageFolder, ".secret"), "secret");
  await using withPage = await startServer({ sampling }, { pageFolder, apiKeys: ["key"] });
  const page = await withPage.ask("/");
  expect([page.status, await page.text()]).toEqual([200, "<title>try it</title>"]);
  expect(page.headers.get("cross-origin-embedder-policy")).toBe("require-corp");
  const script = await withPage.ask("/assets/page.js");
  expect(script.headers.get("content-type")).toMatch(/javascript/u);
  for (const path of ["/.secret", "/..%2fsampling.safetensors", "/assets/..%2f..%2fsampling.safetensors"])
    expect((await withPage.ask(path)).status).toBe(404);
  expect((await withPage.ask("/v1/models")).status).toBe(401);
});
