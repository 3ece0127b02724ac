import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder } from "@detrkit/test-utils";
import { beforeAll, expect, test } from "vitest";
import { detectOneAnswer } from "../src/api/detections.ts";
import type * as z from "zod";
import { picture, post, type RunningServer, startServer, until } from "./support/running-server.ts";
import { writeUntrained } from "./support/untrained.ts";

const folder = temporaryFolder();
const [first, second] = [join(folder, "first.safetensors"), join(folder, "second.safetensors")];
let image: Uint8Array<ArrayBuffer>;

beforeAll(async () => {
  await writeUntrained(first);
  await writeUntrained(second, { seed: 9 });
  image = await picture();
}, 120_000);

/** Freezes a model's process, so that what is asked for waits for as long as the test likes. */
function freeze(running: RunningServer): () => void {
  const { pid = 0 } = running.child();
  process.kill(pid, "SIGSTOP");
  return () => process.kill(pid, "SIGCONT");
}

const detect = (running: RunningServer, signal?: AbortSignal): Promise<Response> =>
  running.ask("/v1/detect?threshold=0", post(image, "image/png", signal === undefined ? {} : { signal }));
const queued = (running: RunningServer): number => running.server.hosts.get("model")?.queueLength ?? -1;

test("requests that wait together share batches, and get what each gets alone", async () => {
  await using running = await startServer({ model: first }, { maxBatch: 3 });
  const sizes = [
    [90, 70],
    [40, 61],
    [90, 70],
    [180, 140],
    [61, 40],
    [90, 70],
  ] as const;
  const pictures = await Promise.all(sizes.map(([width, height]) => picture(width, height)));
  const ask = async (bytes: Uint8Array<ArrayBuffer>): Promise<z.infer<typeof detectOneAnswer>> =>
    detectOneAnswer.parse(await (await running.ask("/v1/detect?threshold=0", post(bytes))).json());
  const alone: z.infer<typeof detectOneAnswer>[] = [];
  for (const bytes of pictures) alone.push(await ask(bytes));
  const thaw = freeze(running);
  const together = Promise.all(pictures.map(ask));
  await until(() => queued(running) >= 5);
  thaw();
  const answers = await together;
  expect(answers.some(({ timing }) => timing.batchSize > 1)).toBe(true);
  answers.forEach(({ width, height, detections }, index) => {
    expect({ width, height }).toEqual({ width: alone[index]?.width, height: alone[index]?.height });
    detections.forEach(({ label, score, box }, at) => {
      const expected = alone[index]?.detections[at];
      expect(label).toBe(expected?.label);
      expect(score).toBeCloseTo(expected?.score ?? 0, 4);
      expect(box.xmin).toBeCloseTo(expected?.box.xmin ?? 0, 2);
      expect(box.ymax).toBeCloseTo(expected?.box.ymax ?? 0, 2);
    });
  });
});

test("a full queue answers 429 with Retry-After; who leaves makes room; who waits too long gets 504", async () => {
  await using running = await startServer(
    { model: first },
    { maxQueue: 2, maxImages: 2, maxBatch: 1, deadlineMs: 3000 },
  );
  const thaw = freeze(running);
  const [inWork, leave] = [detect(running), new AbortController()];
  const leaving = detect(running, leave.signal).catch((error: Error) => error.name);
  await until(() => queued(running) === 1);
  const waiting = detect(running);
  await until(() => queued(running) === 2);
  const refused = await detect(running);
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "1"]);
  expect(await refused.json()).toMatchObject({ code: "queue-full", type: "urn:detrkit:problem:queue-full" });
  expect((await running.ask("/healthz")).status).toBe(200);
  leave.abort();
  expect(await leaving).toBe("AbortError");
  await until(() => queued(running) === 1);
  for (const late of [await inWork, await waiting]) {
    expect(late.status).toBe(504);
    expect(await late.json()).toMatchObject({ code: "deadline-exceeded" });
  }
  expect(queued(running)).toBe(0);
  thaw();
  expect((await detect(running)).status).toBe(200);
});

test("a process that crashes costs its requests a 503, and is started again", async () => {
  await using running = await startServer({ model: first }, { maxBatch: 1 });
  const { pid } = running.child();
  freeze(running);
  const [lost, waiting] = [detect(running), detect(running)];
  await until(() => queued(running) === 1);
  process.kill(pid ?? 0, "SIGKILL");
  const answer = [await lost, await waiting].toSorted((one, other) => other.status - one.status);
  expect(answer.map(({ status }) => status)).toEqual([503, 200]);
  expect(await answer[0]?.json()).toMatchObject({ code: "engine-crashed" });
  expect(running.child().pid).not.toBe(pid);
  expect((await running.ask("/readyz")).status).toBe(200);
  expect(await (await running.ask("/metrics")).text()).toContain('engine_restarts_total{model="model"} 1');
});

test("a process that hangs is ended and started again", async () => {
  await using running = await startServer({ model: first }, { hangMs: 300 });
  const { pid } = running.child();
  freeze(running);
  expect((await detect(running)).status).toBe(503);
  await until(() => running.server.hosts.get("model")?.ready === true && running.child().pid !== pid);
  expect((await detect(running)).status).toBe(200);
});

test("a server that is stopped finishes what it accepted, and refuses the rest", async () => {
  const running = await startServer({ model: first }, { maxBatch: 1 });
  const thaw = freeze(running);
  const accepted = [detect(running), detect(running), detect(running)];
  await until(() => queued(running) === 2);
  const stopped = running.server.stop();
  const refused = await detect(running);
  expect(refused.status).toBe(503);
  expect(await refused.json()).toMatchObject({ code: "stopping" });
  expect((await running.ask("/readyz")).status).toBe(503);
  thaw();
  expect((await Promise.all(accepted)).map(({ status }) => status)).toEqual([200, 200, 200]);
  await stopped;
  await expect(running.ask("/healthz")).rejects.toThrow("fetch failed");
});

test("weights are exchanged under load without a dropped request, and bad ones leave the old", async () => {
  const weights = join(folder, "exchanged.safetensors");
  await copyFile(first, weights);
  await using running = await startServer({ model: weights }, { apiKeys: ["secret"] });
  const headers = { "x-api-key": "secret" };
  const score = async (response: Response): Promise<number | undefined> => {
    expect(response.status).toBe(200);
    return detectOneAnswer.parse(await response.json()).detections[0]?.score;
  };
  const ask = (): Promise<Response> => running.ask("/v1/detect?threshold=0", post(image, "image/png", { headers }));
  const before = await score(await ask());
  await copyFile(second, weights);
  const done = new AbortController();
  const reload = running.ask("/v1/models/model/reload", { method: "POST", headers }).finally(() => done.abort());
  const scores: (number | undefined)[] = [];
  while (!done.signal.aborted) scores.push(await score(await ask()));
  expect((await reload).status).toBe(200);
  expect(scores.length).toBeGreaterThan(3);
  const after = await score(await ask());
  expect(after).not.toBe(before);
  expect(scores.every((one) => one === before || one === after)).toBe(true);
  await copyFile(import.meta.filename, weights);
  const failed = await running.ask("/v1/models/model/reload", { method: "POST", headers });
  expect(failed.status).toBe(502);
  expect(await failed.json()).toMatchObject({ code: "reload-failed" });
  expect(await score(await ask())).toBe(after);
});

test("weights that change on the disk are loaded by themselves", async () => {
  const weights = join(folder, "watched.safetensors");
  await copyFile(first, weights);
  await using running = await startServer({ model: weights }, { watch: true });
  const { pid } = running.child();
  await copyFile(second, weights);
  await until(() => running.child().pid !== pid, 60_000);
  expect(running.lines.at(-1)).toMatch(/^model: weights of version \w+ serve now$/u);
  expect((await detect(running)).status).toBe(200);
});

test("health is answered while the model works", async () => {
  await using running = await startServer({ model: first }, { deadlineMs: 60_000 });
  const large = await picture(1200, 900);
  const enough = new AbortController();
  const load = Array.from({ length: 6 }, async () => {
    while (!enough.signal.aborted) expect((await running.ask("/v1/detect", post(large))).status).toBe(200);
  });
  const took: number[] = [];
  for (let count = 0; count < 100; count++) {
    const started = performance.now();
    expect((await running.ask("/healthz")).status).toBe(200);
    took.push(performance.now() - started);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  enough.abort();
  await Promise.all(load);
  // The middle one: other programs run beside tests, and delay some.
  expect(took.toSorted((one, other) => one - other)[50]).toBeLessThan(50);
});
