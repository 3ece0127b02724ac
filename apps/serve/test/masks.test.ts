import { join } from "node:path";
import { decodeImage } from "@detrkit/image";
import { loadDetector } from "@detrkit/inference";
import { maskArea, segmentationToMask, segmentIdsOfColours } from "@detrkit/masks";
import { temporaryFolder } from "@detrkit/test-utils";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { detectManyAnswer, detectOneAnswer } from "../src/api/detections.ts";
import { inferAnswer, modelMetadata } from "../src/api/inference-protocol.ts";
import { imageSegmentationAnswer, panopticAnswer } from "../src/api/panoptic.ts";
import { picture, post, postJson, type RunningServer, startServer } from "./support/running-server.ts";
import { noise, writeUntrained } from "./support/untrained.ts";

const folder = temporaryFolder();
const [masked, plain] = [join(folder, "masked.safetensors"), join(folder, "plain.safetensors")];
let running: RunningServer;
let image: Uint8Array<ArrayBuffer>;

beforeAll(async () => {
  await writeUntrained(masked, { preset: "detr-small", masks: true });
  await writeUntrained(plain);
  running = await startServer({ masked, plain });
  image = await picture(90, 70);
}, 120_000);
afterAll(() => running.server.stop());

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");

test("detections have the masks that detector.detect finds, in the image's own pixels", async () => {
  const answer = detectOneAnswer.parse(await (await running.ask("/v1/detect?threshold=0", post(image))).json());
  await using detector = await loadDetector(masked);
  const expected = await detector.detect(noise(90, 70), { threshold: 0 });
  expect(answer.detections.map(({ mask }) => mask?.size)).toEqual(expected.detections.map(() => [70, 90]));
  const areas = (detections: readonly { readonly mask?: (typeof answer.detections)[number]["mask"] }[]): number[] =>
    detections.map(({ mask }) => (mask === undefined ? -1 : maskArea(segmentationToMask(mask, 0, 0))));
  // Another process may sum in another order, so a pixel at the very threshold may differ.
  const wanted = areas(expected.detections);
  areas(answer.detections).forEach((area, index) => expect(Math.abs(area - (wanted[index] ?? -9))).toBeLessThan(10));
  expect(Math.max(...wanted)).toBeGreaterThan(0);
});

test("masks=false leaves them out, in the query and in JSON; images of one batch are told apart", async () => {
  const ask = async (query: string): Promise<boolean[]> => {
    const answer = await running.ask(`/v1/detect?threshold=0&${query}`, post(image));
    return detectOneAnswer.parse(await answer.json()).detections.map(({ mask }) => mask !== undefined);
  };
  const [without, withMasks] = await Promise.all([ask("masks=false"), ask("masks=true")]);
  expect([new Set(without), new Set(withMasks)]).toEqual([new Set([false]), new Set([true])]);
  const body = { images: [{ data: base64(image) }], threshold: 0, masks: false };
  const { images } = detectManyAnswer.parse(await (await running.ask("/v1/detect", postJson(body))).json());
  expect(images[0]?.detections.some(({ mask }) => mask !== undefined)).toBe(false);
  const wrong = await running.ask("/v1/detect?masks=maybe", post(image));
  expect([wrong.status, await wrong.json()]).toMatchObject([400, { code: "invalid-request" }]);
});

test("the Open Inference Protocol has an output of masks, of a model that has them", async () => {
  const outputs = async (model: string): Promise<readonly string[]> => {
    const answer = modelMetadata.parse(await (await running.ask(`/v2/models/${model}`)).json());
    return answer.outputs.map(({ name }) => name);
  };
  expect((await outputs("masked")).at(-1)).toBe("mask");
  expect(await outputs("plain")).not.toContain("mask");
  const images = { name: "images", datatype: "BYTES", shape: [1], data: [base64(image)] };
  const body = { inputs: [images], parameters: { threshold: 0, limit: 2 } };
  const ask = async (wanted: object): Promise<(typeof inferAnswer)["_output"]["outputs"]> => {
    const answer = await running.ask("/v2/models/masked/infer", postJson({ ...body, ...wanted }));
    return inferAnswer.parse(await answer.json()).outputs;
  };
  const last = (await ask({})).at(-1);
  expect(last).toMatchObject({ name: "mask", datatype: "BYTES", shape: [2] });
  expect(JSON.parse(String(last?.data?.[0]))).toMatchObject({ size: [70, 90] });
  expect((await ask({ outputs: [{ name: "score" }] })).map(({ name }) => name)).toEqual(["score"]);
});

test("a panoptic answer: every pixel's id is that of a listed segment, and areas are their counts", async () => {
  const ofBytes = await running.ask("/v1/panoptic?threshold=0", post(image));
  const answer = panopticAnswer.parse(await ofBytes.json());
  expect(answer).toMatchObject({ model: "masked", width: 90, height: 70 });
  const { width, height, data } = await decodeImage(Buffer.from(answer.png, "base64"));
  expect([width, height]).toEqual([90, 70]);
  const counts = new Map<number, number>();
  for (const id of segmentIdsOfColours(data)) counts.set(id, (counts.get(id) ?? 0) + 1);
  counts.delete(0);
  expect(answer.segments.length).toBeGreaterThan(0);
  expect([...counts].toSorted(([a], [b]) => a - b)).toEqual(
    answer.segments.map(({ id, area }) => [id, area]).toSorted(([a = 0], [b = 0]) => a - b),
  );
  for (const { label, labelId, isThing } of answer.segments)
    expect([label, labelId, isThing]).toEqual(label === "cat" ? ["cat", 3, true] : ["dog", 7, false]);
  const ofJson = await running.ask("/v1/panoptic", postJson({ image: base64(image), threshold: 0 }));
  expect(panopticAnswer.parse(await ofJson.json()).segments).toEqual(answer.segments);
});

test("Hugging Face's clients get a black and white picture for each segment", async () => {
  const { segments } = panopticAnswer.parse(await (await running.ask("/v1/panoptic?threshold=0", post(image))).json());
  const body = { inputs: base64(image), parameters: { threshold: 0, subtask: "panoptic" } };
  for (const asked of [
    running.ask("/image-segmentation?threshold=0", post(image)),
    running.ask("/image-segmentation", postJson(body)),
  ]) {
    const answer = imageSegmentationAnswer.parse(await (await asked).json());
    expect(answer.map(({ label }) => label)).toEqual(segments.map(({ label }) => label));
    const pixels = await sharp(Buffer.from(answer[0]?.mask ?? "", "base64"))
      .extractChannel(0)
      .raw()
      .toBuffer();
    expect(pixels).toHaveLength(90 * 70);
    expect(pixels.filter((value) => value === 255)).toHaveLength(segments[0]?.area ?? -1);
  }
});

test("a model of boxes has no masks to give, and says so where segments are asked for", async () => {
  const answer = await running.ask("/v1/detect?model=plain&threshold=0&masks=true", post(image));
  const { detections } = detectOneAnswer.parse(await answer.json());
  expect(detections.length).toBeGreaterThan(0);
  expect(detections.every(({ mask }) => mask === undefined)).toBe(true);
  const refused = await running.ask("/v1/panoptic?model=plain", post(image));
  expect(refused.status).toBe(422);
  expect(await refused.json()).toMatchObject({ code: "invalid-option", detail: expect.stringContaining("masks") });
});
