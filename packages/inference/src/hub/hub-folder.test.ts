import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, utimes, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { readSafetensors, writeSafetensors } from "@detrkit/checkpoint";
import { temporaryFolder, useBackend } from "@detrkit/test-utils";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { loadDetector } from "../load-detector.ts";
import { hubFolder } from "./hub-folder.ts";
import { hubReference, type HubSettings, hubSettings } from "./hub-reference.ts";

useBackend("cpu");
const scratch = temporaryFolder();
const fixture = join(import.meta.dirname, "..", "..", "..", "..", "fixtures", "hugging-face", "detr");

/** Two servers as a hub has them: one that knows names and checksums, one that holds the large files. */
interface Seen {
  readonly path: string;
  readonly range: string | undefined;
  readonly authorization: string | undefined;
  readonly host: "hub" | "store";
}
let hub: Server;
let store: Server;
let seen: Seen[] = [];
/** Files by name, and what is wrong with the next answers of the store. */
let files: Map<string, Buffer>;
let faults: ("cut" | "flip" | "ignore range")[] = [];
let refusal: { readonly status: number; readonly headers?: Readonly<Record<string, string>> } | undefined;

const portOf = (server: Server): number => (server.address() as AddressInfo).port;
const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const note = (request: IncomingMessage, host: Seen["host"]): void => {
  const { url = "", headers } = request;
  seen.push({ path: url, range: headers.range, authorization: headers.authorization, host });
};

function answerHub(request: IncomingMessage, response: ServerResponse): void {
  note(request, "hub");
  const [, name = "", revision = "", file = ""] =
    /^\/(acme\/\w+)\/resolve\/([^/]+)\/(.+)$/u.exec(request.url ?? "") ?? [];
  if (refusal !== undefined) return void response.writeHead(refusal.status, refusal.headers).end();
  if (name === "" || revision === "gone")
    return void response
      .writeHead(404, { "x-error-code": revision === "gone" ? "RevisionNotFound" : "RepoNotFound" })
      .end();
  const bytes = files.get(file);
  if (bytes === undefined) return void response.writeHead(404, { "x-error-code": "EntryNotFound" }).end();
  if (file.endsWith(".json")) {
    const sha1 = createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
    return void response.writeHead(200, { etag: `"${sha1}"`, "content-length": bytes.length }).end(bytes);
  }
  const location = `http://127.0.0.1:${portOf(store)}/${file}?signature=x`;
  response.writeHead(302, { location, "x-linked-etag": `"${sha256(bytes)}"`, "x-linked-size": bytes.length }).end();
}

function answerStore(request: IncomingMessage, response: ServerResponse): void {
  note(request, "store");
  const whole = files.get((request.url ?? "").slice(1).split("?")[0] ?? "") ?? Buffer.alloc(0);
  const fault = faults.shift();
  const from = fault === "ignore range" ? 0 : Number(/^bytes=(\d+)-$/u.exec(request.headers.range ?? "")?.[1] ?? 0);
  const bytes = Buffer.from(whole.subarray(from));
  if (fault === "flip") bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  const range = from > 0 ? { "content-range": `bytes ${from}-${whole.length - 1}/${whole.length}` } : {};
  response.writeHead(from > 0 ? 206 : 200, { "content-length": bytes.length, etag: '"other"', ...range });
  if (fault !== "cut") return void response.end(bytes);
  response.write(bytes.subarray(0, Math.floor(bytes.length / 3)), () => setTimeout(() => response.destroy(), 20));
}

const listening = (answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<Server> =>
  new Promise((resolve) => {
    const server = createServer(answer).listen(0, "127.0.0.1", () => resolve(server));
  });

beforeAll(async () => {
  hub = await listening(answerHub);
  store = await listening(answerStore);
});
afterAll(() => {
  hub.close();
  store.close();
});

let settings: HubSettings;
let counter = 0;
beforeEach(async () => {
  const names = ["config.json", "model.safetensors"];
  files = new Map(await Promise.all(names.map(async (name) => [name, await readFile(join(fixture, name))] as const)));
  [seen, faults, refusal] = [[], [], undefined];
  const root = join(scratch, String(counter++));
  settings = hubSettings({
    HF_ENDPOINT: `http://127.0.0.1:${portOf(hub)}/`,
    HF_TOKEN: "secret",
    HF_HOME: join(root, "theirs"),
    DETRKIT_CACHE: join(root, "ours"),
  });
});

const model = "hf:acme/detr";
const get = (name = model): Promise<string> => hubFolder(name, () => {}, settings);

test("a model is downloaded once, its token is told to the hub only, and it is one to detect with", async () => {
  const folder = await get();
  expect((await readdir(folder)).toSorted()).toEqual(["config.json", "model.safetensors"]);
  expect(await readFile(join(folder, "model.safetensors"))).toEqual(files.get("model.safetensors"));
  expect(
    seen.filter(({ host }) => host === "hub").every(({ authorization }) => authorization === "Bearer secret"),
  ).toBe(true);
  expect(seen.filter(({ host }) => host === "store").map(({ authorization }) => authorization)).toEqual([undefined]);
  const requests = seen.length;
  expect(await get()).toBe(folder);
  expect(seen).toHaveLength(requests);
  const environment = {
    DETRKIT_CACHE: join(settings.cache, ".."),
    HF_ENDPOINT: settings.endpoint,
    HF_HUB_OFFLINE: "1",
  };
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  const detector = await loadDetector(model);
  expect(detector.classes).toEqual(["N/A", "cat", "dog"]);
  detector.dispose();
  vi.unstubAllEnvs();
});

test("a connection that breaks off goes on where it was, and no half file has the final name", async () => {
  faults = ["cut", "cut"];
  const folder = join(settings.cache, "acme--detr", "main");
  let halfSeen = false;
  const watch = setInterval(() => (halfSeen ||= existsSync(join(folder, "model.safetensors"))), 1);
  await get();
  clearInterval(watch);
  const whole = files.get("model.safetensors")?.length ?? 0;
  const ranges = seen.filter(({ host }) => host === "store").map(({ range }) => range);
  expect(ranges).toHaveLength(3);
  expect(ranges[0]).toBeUndefined();
  expect(Number(ranges[1]?.slice(6, -1))).toBe(Math.floor(whole / 3));
  expect(Number(ranges[2]?.slice(6, -1))).toBeGreaterThan(Math.floor(whole / 3));
  expect(await readFile(join(folder, "model.safetensors"))).toEqual(files.get("model.safetensors"));
  expect(await readdir(folder)).toHaveLength(2);
});

test("what a program that was ended has left is taken up by the next one", async () => {
  const whole = files.get("model.safetensors") as Buffer;
  const folder = join(settings.cache, "acme--detr", "main");
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `model.safetensors.${sha256(whole)}.part`), whole.subarray(0, 1000));
  await get();
  expect(seen.find(({ host }) => host === "store")?.range).toBe("bytes=1000-");
  expect(await readFile(join(folder, "model.safetensors"))).toEqual(whole);
});

test("programs that start at once get the whole file each, a later one waits for what is on its way", async () => {
  const whole = files.get("model.safetensors") as Buffer;
  const folders = await Promise.all([get(), get(), get()]);
  expect(await readFile(join(folders[0], "model.safetensors"))).toEqual(whole);
  expect((await readdir(folders[0])).toSorted()).toEqual(["config.json", "model.safetensors"]);

  const other = join(settings.cache, "acme--detr", "v2");
  await mkdir(other, { recursive: true });
  const part = join(other, `model.safetensors.${sha256(whole)}.0123abcd.part`);
  await writeFile(part, whole.subarray(0, 1000));
  setTimeout(() => void writeFile(part, whole).then(() => rename(part, join(other, "model.safetensors"))), 300);
  const before = seen.filter(({ host }) => host === "store").length;
  const lines: string[] = [];
  await hubFolder("hf:acme/detr@v2", (line) => lines.push(line), settings);
  expect(lines.join("\n")).toContain("another program downloads it; waiting");
  expect(seen.filter(({ host }) => host === "store")).toHaveLength(before);
  // Its program was ended: nothing was written for long.
  const left = join(settings.cache, "acme--detr", "v3");
  await mkdir(left, { recursive: true });
  const quiet = join(left, `model.safetensors.${sha256(whole)}.0123abcd.part`);
  await writeFile(quiet, whole.subarray(0, 1000));
  await utimes(quiet, new Date(), new Date(Date.now() - 60_000));
  await get("hf:acme/detr@v3");
  expect(seen.findLast(({ host }) => host === "store")?.range).toBe("bytes=1000-");
});

test("what is left of another version, and a host that sends all again, begin anew", async () => {
  const folder = join(settings.cache, "acme--detr", "main");
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `model.safetensors.${"0".repeat(64)}.part`), "of another version");
  await get();
  expect(await readFile(join(folder, "model.safetensors"))).toEqual(files.get("model.safetensors"));
  faults = ["cut", "ignore range"];
  const other = await get("hf:acme/detr@v2");
  expect(await readFile(join(other, "model.safetensors"))).toEqual(files.get("model.safetensors"));
});

test("bytes with another checksum are thrown away, and it is said", async () => {
  faults = ["flip"];
  await expect(get()).rejects.toThrow(/model\.safetensors: arrived damaged: expected the sha256 [0-9a-f]{64}, got/u);
  expect(await readdir(join(settings.cache, "acme--detr", "main"))).toEqual(["config.json"]);
  await get();
});

test("shards are downloaded by their index, which comes last", async () => {
  const { tensors } = await readSafetensors(join(fixture, "model.safetensors"));
  const names = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
  const places: Record<string, string> = {};
  for (const [part, name] of names.entries()) {
    const some = new Map([...tensors].filter((_, index) => index % 2 === part));
    for (const key of some.keys()) places[key] = name;
    await writeSafetensors(join(scratch, name), some);
    files.set(name, await readFile(join(scratch, name)));
  }
  files.delete("model.safetensors");
  files.set("model.safetensors.index.json", Buffer.from(JSON.stringify({ metadata: {}, weight_map: places })));
  const folder = await get();
  const detector = await loadDetector(folder);
  expect(detector.classes).toEqual(["N/A", "cat", "dog"]);
  detector.dispose();
  files.delete(names[1] ?? "");
  await expect(get("hf:acme/detr@next")).rejects.toThrow(`hf:acme/detr@next: has no ${names[1]}`);
  expect(existsSync(join(settings.cache, "acme--detr", "next", "model.safetensors.index.json"))).toBe(false);
});

test.each([
  [{ status: 401 }, "401 Unauthorized: the token in HF_TOKEN is not accepted, or there is no such model"],
  [{ status: 403 }, "403 Forbidden: this account may not read it"],
  [{ status: 404, headers: { "x-error-code": "RepoNotFound" } }, "404 Not Found: there is no such model or revision"],
  [{ status: 302, headers: { location: "/again" } }, "was sent on 8 times; is HF_ENDPOINT right?"],
])("an answer of %j is explained", async (answer, message) => {
  refusal = answer;
  await expect(get()).rejects.toThrow(message);
});

test("a revision, a file or weights that are not there are told apart", async () => {
  await expect(get("hf:acme/detr@gone")).rejects.toThrow("there is no such model or revision");
  files.delete("model.safetensors");
  await expect(get()).rejects.toThrow(`${model}: has no weights; expected one of model.safetensors, `);
  files.clear();
  await expect(get("hf:acme/empty")).rejects.toThrow("hf:acme/empty: has no config.json");
});

test("without a network, and where it is forbidden, it says what to do", async () => {
  const nowhere = { ...settings, endpoint: "http://127.0.0.1:9" };
  await expect(hubFolder(model, undefined, nowhere)).rejects.toThrow(
    /config\.json: can't be reached \(.*\); is there a network\?/u,
  );
  await expect(hubFolder(model, undefined, { ...settings, offline: true })).rejects.toThrow(
    "HF_HUB_OFFLINE forbids to download it",
  );
});

test("a snapshot in the cache of the hub's own programs is read, by branch or commit", async () => {
  const root = join(settings.otherCache, "models--acme--detr");
  const snapshot = join(root, "snapshots", "abc123");
  await mkdir(snapshot, { recursive: true });
  await mkdir(join(root, "refs"));
  await writeFile(join(root, "refs", "main"), "abc123");
  for (const [name, bytes] of files) await writeFile(join(snapshot, name), bytes);
  expect(await get()).toBe(snapshot);
  expect(await get("hf:acme/detr@abc123")).toBe(snapshot);
  expect(seen).toEqual([]);
});

test("names are read strictly", () => {
  expect(hubReference("hf:acme/detr-r50@refs/pr/1")).toEqual({
    owner: "acme",
    name: "detr-r50",
    revision: "refs/pr/1",
  });
  expect(hubReference("hf:acme/detr")).toEqual({ owner: "acme", name: "detr", revision: "main" });
  for (const wrong of ["hf:detr", "hf:a/../b", "hf:acme/detr@", "hf:acme/detr@../x", "hf:/detr"])
    expect(() => hubReference(wrong)).toThrow(`${wrong}: expected hf:OWNER/NAME`);
});

test("progress says how much is here and how long the rest takes", async () => {
  const lines: string[] = [];
  vi.spyOn(performance, "now").mockImplementation(
    (
      (now: number) => () =>
        (now += 700)
    )(0),
  );
  await hubFolder(model, (line) => lines.push(line), settings);
  vi.restoreAllMocks();
  expect(lines.at(-1)).toMatch(/^hf:acme\/detr: model\.safetensors: \d+\.\d of \d+\.\d MB, \d+ s left$/u);
});
