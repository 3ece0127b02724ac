import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { DetectionClient, type DetectionClientOptions } from "./detection-client.ts";
import { ServerProblem, ServerUnreachable } from "./errors.ts";

interface Asked {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

type Handler = (response: ServerResponse) => void;

const found = { model: "demo", width: 3, height: 2, detections: [], timing: {} };
const asked: Asked[] = [];
/** What is answered, in turn; the last one stays. */
let handlers: Handler[] = [];
let server: ReturnType<typeof createServer>;
let address: string;

beforeEach(async () => {
  asked.length = 0;
  server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () => {
      const { method, url, headers } = request;
      asked.push({ method, url, headers, body: Buffer.concat(pieces) });
      ((handlers.length > 1 ? handlers.shift() : handlers[0]) as Handler)(response);
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => void server.close(resolve));
});

const ask = (options: Partial<DetectionClientOptions> = {}): DetectionClient =>
  new DetectionClient({ server: address, ...options });

const answer =
  (body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Handler =>
  (response) =>
    void response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));

const problem = (status: number, headers: Readonly<Record<string, string>> = {}): Handler =>
  answer({ type: "urn:x", title: "Too much", status, detail: "7 wait", code: "queue-full" }, status, {
    "content-type": "application/problem+json",
    ...headers,
  });

test("an image is sent as it is, with its type, the options and the key", async () => {
  handlers = [answer(found)];
  const image = new Blob([Uint8Array.of(1, 2, 3)], { type: "image/png" });
  const options = { model: "a b", threshold: 0, limit: 5, labels: ["cat", "dog"] };
  expect(await ask({ apiKey: "secret" }).detect(image, options)).toEqual(found);
  expect(asked[0]).toMatchObject({
    method: "POST",
    url: "/v1/detect?model=a+b&threshold=0&limit=5&labels=cat&labels=dog",
    body: Buffer.of(1, 2, 3),
  });
  expect(asked[0]?.headers).toMatchObject({ "content-type": "image/png", authorization: "Bearer secret" });
});

test("bytes of no image's type are octets; the path of the server's address is kept", async () => {
  handlers = [answer(found)];
  const client = ask({ server: `${address}/detect` });
  await client.detect(Uint8Array.of(1));
  await client.detect(new Blob(["x"], { type: "text/html" }));
  expect(asked.map(({ url, headers }) => [url, headers["content-type"], headers.authorization])).toEqual([
    ["/detect/v1/detect", "application/octet-stream", undefined],
    ["/detect/v1/detect", "application/octet-stream", undefined],
  ]);
});

test("several images are one form, with the names of files", async () => {
  handlers = [answer({ model: "demo", images: [found, found] })];
  const file = new File(["first"], "a.png", { type: "image/png" });
  const { images } = await ask().detectAll([file, Uint8Array.of(65)]);
  expect(images).toHaveLength(2);
  const body = asked[0]?.body.toString() ?? "";
  expect([...body.matchAll(/filename="(.+?)"/gu)].map(([, name]) => name)).toEqual(["a.png", "image-2"]);
  expect(body.indexOf("first")).toBeLessThan(body.indexOf("\r\nA\r\n"));
});

test("points of an explanation are pairs; models and weights have their paths", async () => {
  handlers = [answer({}), answer({ models: [{ name: "demo", ready: true }] }), answer("weights")];
  await ask().explain(Uint8Array.of(1), { decoderLayer: 1, points: [{ x: 1, y: 2.5 }] });
  expect(await ask().models()).toEqual([{ name: "demo", ready: true }]);
  expect(await (await ask().weights("a/b")).text()).toBe('"weights"');
  expect(asked.map(({ method, url }) => `${method} ${url}`)).toEqual([
    "POST /v1/explain?decoderLayer=1&points=1%2C2.5",
    "GET /v1/models",
    "GET /v1/models/a%2Fb/files/model.safetensors",
  ]);
});

test("masks can be left out, and segments are asked for", async () => {
  handlers = [answer(found), answer({ model: "demo", width: 3, height: 2, png: "", segments: [] })];
  await ask().detect(Uint8Array.of(1), { masks: false });
  const { segments } = await ask().panoptic(Uint8Array.of(1), { model: "demo", threshold: 0.7 });
  expect(segments).toEqual([]);
  expect(asked.map(({ method, url }) => `${method} ${url}`)).toEqual([
    "POST /v1/detect?masks=false",
    "POST /v1/panoptic?model=demo&threshold=0.7",
  ]);
});

test("points between pixels are sent as the server reads them", async () => {
  handlers = [answer({})];
  await ask().explain(Uint8Array.of(1), { points: [{ x: 100 / 3, y: 1e-7 }] });
  expect(asked[0]?.url).toBe("/v1/explain?points=33.333%2C0");
});

test("a full server is asked again after the time that it asks for", async () => {
  handlers = [problem(429, { "retry-after": "1" }), problem(503, { "retry-after": "0" }), answer(found)];
  const begun = performance.now();
  expect(await ask().detect(Uint8Array.of(9))).toEqual(found);
  expect(performance.now() - begun).toBeGreaterThan(990);
  expect(asked.map(({ body }) => [...body])).toEqual([[9], [9], [9]]);
});

test("after the last try the problem is the error, with its code and how long to wait", async () => {
  handlers = [problem(429, { "retry-after": "0" })];
  const error = await ask({ retries: 2 })
    .detect(Uint8Array.of(1))
    .catch((error: unknown) => error);
  expect(error).toBeInstanceOf(ServerProblem);
  expect(error).toMatchObject({ status: 429, code: "queue-full", retryAfterMs: 0, message: "7 wait (429 queue-full)" });
  expect(asked).toHaveLength(3);
});

test.each([
  ["a wait longer than the longest", 503, { "retry-after": "31" }],
  ["an answer that stays the same", 422, { "retry-after": "0" }],
  ["a defect", 500, {}],
])("%s is not asked again", async (_, status, headers: Record<string, string>) => {
  handlers = [problem(status, headers)];
  await expect(ask().detect(Uint8Array.of(1))).rejects.toThrow(ServerProblem);
  expect(asked).toHaveLength(1);
});

test("what a proxy answers is a problem too, without a code", async () => {
  handlers = [(response) => void response.writeHead(502, { "content-type": "text/html" }).end("<h1>Bad</h1>")];
  await expect(ask().models()).rejects.toMatchObject({ status: 502, code: "unknown" });
  handlers = [answer(null, 404)];
  await expect(ask().models()).rejects.toMatchObject({ status: 404, code: "unknown" });
});

test("a signal ends a request, and the wait before the next try, with its reason", async () => {
  handlers = [() => {}];
  const reason = new Error("enough");
  const hanging = new AbortController();
  setTimeout(() => hanging.abort(reason), 50);
  await expect(ask().detect(Uint8Array.of(1), { signal: hanging.signal })).rejects.toBe(reason);

  handlers = [problem(429, { "retry-after": "20" })];
  const waiting = new AbortController();
  setTimeout(() => waiting.abort(reason), 100);
  const begun = performance.now();
  await expect(ask().detect(Uint8Array.of(1), { signal: waiting.signal })).rejects.toBe(reason);
  expect(performance.now() - begun).toBeLessThan(5000);
  expect(asked).toHaveLength(2);
});

test("no server, a broken answer and a wrong address are named", async () => {
  await expect(ask({ server: "http://127.0.0.1:1" }).models()).rejects.toThrow(ServerUnreachable);
  handlers = [(response) => void response.writeHead(200).end("{")];
  await expect(ask().models()).rejects.toThrow(`${address}/v1/models: no answer`);
  expect(() => ask({ server: "localhost" })).toThrow(
    'server expected an address (http://localhost:8080), got "localhost"',
  );
});
