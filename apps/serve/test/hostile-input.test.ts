import { connect } from "node:net";
import { join } from "node:path";
import { Random } from "@detrkit/common";
import { temporaryFolder } from "@detrkit/test-utils";
import { afterAll, beforeAll, expect, test } from "vitest";
import { problemSchema } from "../src/api/problems.ts";
import { damagedRequests, damageKinds } from "./support/damaged-requests.ts";
import { picture, post, postJson, type RunningServer, startServer } from "./support/running-server.ts";
import { writeUntrained } from "./support/untrained.ts";

const weights = join(temporaryFolder(), "model.safetensors");
let running: RunningServer;
let image: Uint8Array<ArrayBuffer>;

beforeAll(async () => {
  await writeUntrained(weights);
  image = await picture();
  running = await startServer(
    { model: weights },
    { maxBodyBytes: 200_000, maxPixels: 100_000, maxImages: 3, requestTimeoutMs: 2000, rateLimit: 100_000 },
  );
}, 120_000);
afterAll(() => running.server.stop());

/** The status and code of what is refused; the answer has to be a problem document. */
async function refusal(answer: Response): Promise<[number, string]> {
  expect(answer.headers.get("content-type")).toBe("application/problem+json");
  const problem = problemSchema.parse(await answer.json());
  expect(problem).toMatchObject({ status: answer.status, type: `urn:detrkit:problem:${problem.code}` });
  return [answer.status, problem.code];
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");
const form = (...files: readonly Uint8Array<ArrayBuffer>[]): FormData => {
  const data = new FormData();
  for (const bytes of files) data.append("image", new Blob([bytes]), "../../etc/passwd");
  return data;
};

/** A body of JSON that says how long it is, or says something else. */
const framed = (said: string | undefined, json = "{}"): RequestInit =>
  post(json, "application/octet-stream", {
    headers: { "inference-header-content-length": said ?? String(json.length) },
  });
const tensor = ({ shape, size }: { readonly shape: readonly number[]; readonly size: number }): object => ({
  inputs: [{ name: "images", datatype: "UINT8", shape, parameters: { binary_data_size: size } }],
});

test("1,000 damaged bodies: each is refused or answered, none by a defect, and the server lives on", async () => {
  const statuses = new Map<string, number[]>();
  const requests = damagedRequests(1000, { image, model: "model", random: new Random(13) });
  for (const { kind, path, type, body } of requests) {
    const answer = await running.ask(path, post(body, type));
    statuses.set(kind, [...(statuses.get(kind) ?? []), answer.status]);
    if (answer.status === 200) await answer.arrayBuffer();
    else await refusal(answer);
  }
  expect([...statuses.keys()]).toEqual(damageKinds);
  expect([...statuses.values()].flat().filter((status) => status >= 500)).toEqual([]);
  expect(running.child().alive).toBe(true);
  expect((await running.ask("/v1/detect", post(image))).status).toBe(200);
});

test.each<[string, string, () => RequestInit | Promise<RequestInit>, number, string]>([
  ["no body", "/v1/detect", () => ({ method: "POST" }), 415, "unsupported-content-type"],
  ["text", "/v1/detect", () => post("hello", "text/plain"), 415, "unsupported-content-type"],
  [
    "a form where bytes belong",
    "/v1/explain",
    () => ({ method: "POST", body: form(image) }),
    415,
    "unsupported-content-type",
  ],
  ["no image", "/v1/detect", () => post("hello", "image/jpeg"), 422, "invalid-image"],
  ["half an image", "/v1/detect", () => post(image.slice(0, image.length / 2)), 422, "invalid-image"],
  [
    "a drawing",
    "/v1/detect",
    () => post("<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>", "image/svg+xml"),
    422,
    "invalid-image",
  ],
  ["many pixels", "/v1/detect", async () => post(await picture(400, 300)), 422, "too-many-pixels"],
  ["many bytes", "/v1/detect", () => post(new Uint8Array(200_001)), 413, "body-too-large"],
  [
    "many bytes of files",
    "/v1/detect",
    () => ({ method: "POST", body: form(new Uint8Array(150_000), new Uint8Array(150_000)) }),
    413,
    "body-too-large",
  ],
  [
    "many files",
    "/v1/detect",
    () => ({ method: "POST", body: form(image, image, image, image) }),
    413,
    "too-many-images",
  ],
  [
    "many images",
    "/v1/detect",
    () => postJson({ images: Array(4).fill({ data: base64(image) }) }),
    413,
    "too-many-images",
  ],
  ["no files", "/v1/detect", () => ({ method: "POST", body: form() }), 400, "invalid-request"],
  ["a form without a boundary", "/v1/detect", () => post("x", "multipart/form-data"), 400, "invalid-multipart"],
  ["deep JSON", "/v1/detect", () => post("[".repeat(90_000), "application/json"), 400, "invalid-json"],
  [
    "deep whole JSON",
    "/v1/detect",
    () => post("[".repeat(90_000) + "]".repeat(90_000), "application/json"),
    400,
    "invalid-request",
  ],
  ["prototypes", "/v1/detect", () => post('{"__proto__": {"images": []}}', "application/json"), 400, "invalid-json"],
  ["JSON of a tensor that ends nowhere", "/v2/models/model/infer", () => framed("9"), 422, "invalid-tensor"],
  ["a length that is none", "/v2/models/model/infer", () => framed("-1"), 422, "invalid-tensor"],
  ["a tensor without JSON", "/v2/models/model/infer", () => framed("1", "x123"), 422, "invalid-tensor"],
  [
    "bytes without the length of their JSON",
    "/v2/models/model/infer",
    () => post(image, "application/octet-stream"),
    422,
    "invalid-tensor",
  ],
  [
    "more pixels than a tensor may have",
    "/v2/models/model/infer",
    () => framed(undefined, JSON.stringify(tensor({ shape: [1, 100_001, 3], size: 0 }))),
    422,
    "invalid-tensor",
  ],
  ["no base64", "/v1/detect", () => postJson({ images: [{ data: "§§§§" }] }), 422, "invalid-base64"],
  [
    "an unknown key",
    "/v1/detect",
    () => postJson({ images: [{ data: base64(image) }], treshold: 1 }),
    400,
    "invalid-request",
  ],
  ["an unknown parameter", "/v1/detect?treshold=1", () => post(image), 400, "invalid-request"],
  ["a threshold of 2", "/v1/detect?threshold=2", () => post(image), 400, "invalid-request"],
  ["no number", "/v1/detect?limit=", () => post(image), 400, "invalid-request"],
  ["an unknown class", "/v1/detect?labels=cow", () => post(image), 422, "invalid-option"],
  ["an unknown model", "/v1/detect?model=../x", () => post(image), 404, "unknown-model"],
  ["a path upwards", "/v1/models/model/files/..%2f..%2fpackage.json", () => ({}), 400, "invalid-request"],
  ["a name upwards", "/v1/models/..%2f..%2fetc/files/model.safetensors", () => ({}), 404, "unknown-model"],
  ["a broken escape", "/v1/models/%E0%A4%A", () => ({}), 400, "invalid-request"],
  ["a method for searching", "/v2", () => ({ method: "QUERY" }), 405, "method-not-allowed"],
  ["another method", "/v1/detect", () => ({ method: "DELETE" }), 405, "method-not-allowed"],
  ["nothing there", "/v3", () => ({}), 404, "unknown-address"],
  ["a reload without keys", "/v1/models/model/reload", () => ({ method: "POST" }), 403, "reload-not-allowed"],
])("%s is refused", async (_, path, init, status, code) => {
  expect(await refusal(await running.ask(path, await init()))).toEqual([status, code]);
});

test("what is wrong with one image leaves those of other requests alone", async () => {
  const answers = await Promise.all(
    [image, new Uint8Array([1, 2, 3]), image].map((bytes) => running.ask("/v1/detect", post(bytes))),
  );
  expect(answers.map(({ status }) => status)).toEqual([200, 422, 200]);
  const named = await running.ask("/v1/detect", { method: "POST", body: form(image, new Uint8Array([1, 2, 3])) });
  expect(((await named.json()) as { readonly detail: string }).detail).toContain("image 2");
});

/** What a server says to raw bytes, until it ends the connection. */
function conversation(text: string): Promise<string> {
  const { port } = new URL(running.server.address);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), "127.0.0.1", () => socket.write(text));
    let said = "";
    socket.on("data", (data) => (said += data.toString()));
    socket.on("close", () => resolve(said));
    socket.on("error", reject);
  });
}

test("a client that is too slow, and one that speaks no HTTP, get a problem document and are cut off", async () => {
  const slow = await conversation(
    "POST /v1/detect HTTP/1.1\r\nhost: x\r\ncontent-type: image/png\r\ncontent-length: 1000\r\n\r\nabc",
  );
  expect(slow).toMatch(/^HTTP\/1\.1 408 /u);
  expect(slow).toContain('"code":"request-timeout"');
  expect(await conversation("\u0016\u0003\u0001 no HTTP at all\r\n\r\n")).toContain('"code":"invalid-request"');
});

test("who sends far too much, and listens only then, reads why", async () => {
  const { port } = new URL(running.server.address);
  const length = 10_000_000;
  const head = `POST /v1/detect HTTP/1.1\r\nhost: x\r\ncontent-type: image/png\r\ncontent-length: ${length}\r\n\r\n`;
  const said = await new Promise<string>((resolve, reject) => {
    const socket = connect(Number(port), "127.0.0.1").once("error", reject);
    socket.write(Buffer.concat([Buffer.from(head), Buffer.alloc(length)]), (error) => {
      if (error) reject(error);
      socket.once("data", (data) => {
        resolve(data.toString());
        socket.destroy();
      });
    });
  });
  expect(said).toMatch(/^HTTP\/1\.1 413 /u);
  expect(said).toContain('"code":"body-too-large"');
}, 20_000);

test("with keys, nothing but health and documents is open", async () => {
  await using closed = await startServer({ model: weights }, { apiKeys: ["one", "two"], rateLimit: 8 });
  expect(await refusal(await closed.ask("/v1/detect", post(image)))).toEqual([401, "unauthorised"]);
  expect((await closed.ask("/metrics", { headers: { authorization: "Bearer three" } })).status).toBe(401);
  expect((await closed.ask("/readyz")).status).toBe(200);
  const headers = { authorization: "Bearer two" };
  expect((await closed.ask("/v1/detect", post(image, "image/png", { headers }))).status).toBe(200);
  const statuses: number[] = [];
  for (let count = 0; count < 10; count++) statuses.push((await closed.ask("/v2", { headers })).status);
  expect(statuses.at(-1)).toBe(429);
  const limited = await closed.ask("/v2", { headers });
  expect(Number(limited.headers.get("retry-after"))).toBeGreaterThan(0);
  expect(await refusal(limited)).toEqual([429, "rate-limited"]);
});

test("a page of another origin may ask only where it was allowed", async () => {
  const preflight = {
    method: "OPTIONS",
    headers: { origin: "https://there.example", "access-control-request-method": "POST" },
  };
  expect((await running.ask("/v1/detect", preflight)).headers.get("access-control-allow-origin")).toBeNull();
  await using shared = await startServer({ model: weights }, { corsOrigins: ["https://there.example"] });
  const allowed = await shared.ask("/v1/detect", preflight);
  expect([allowed.status, allowed.headers.get("access-control-allow-origin")]).toEqual([204, "https://there.example"]);
});
