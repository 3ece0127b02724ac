import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeSafetensors } from "@detrkit/checkpoint";
import { memory, tensor1d, variable } from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { check, compareExactly, tensorOf } from "./compare.ts";
import { listFixtures, readFixture } from "./read-case.ts";
import { runCase } from "./run-case.ts";
import { startGradientBackend } from "./start-backend.ts";
import type { TopicRunner } from "./case.ts";

let root = "";

beforeAll(async () => {
  await startGradientBackend("cpu");
  root = await mkdtemp(join(tmpdir(), "detrkit-parity-"));
  for (const topic of ["matcher", "checkpoint", "empty"]) await mkdir(join(root, topic));
  await writeFile(join(root, "timings.json"), "{}");
  await writeFile(join(root, "matcher", "README.md"), "not a case");
  await writeFile(join(root, "matcher", "b.json"), '{ "answer": 42 }');
  await writeSafetensors(
    join(root, "matcher", "b.safetensors"),
    new Map([["in.x", { dtype: "int32", shape: [3], values: Int32Array.of(2, 3, 5) }]]),
  );
  await writeFile(join(root, "matcher", "a.json"), '{ "answer": 41 }');
  await writeFile(join(root, "matcher", "c.json"), "{ not JSON");
  await writeFile(join(root, "checkpoint", "tiny.pth"), "anything");
});

afterAll(() => rm(root, { recursive: true }));

const run: TopicRunner = async ({ json, tensors, ...fixture }) => [
  check("answer is 42", json["answer"] === 42),
  compareExactly("in.x", [2, 3, 5], tensorOf({ ...fixture, json, tensors }, "in.x").data),
];
const topics = { matcher: async () => ({ run }) };

async function runAll(given: Parameters<typeof runCase>[1]): Promise<Record<string, string>> {
  const results: Record<string, string> = {};
  for (const location of await listFixtures(root)) {
    const { passed, reason } = await runCase(location, given);
    results[`${location.topic}/${location.name}`] = passed ? "pass" : reason;
  }
  return results;
}

test("every case is run, and one that fails or can't be read fails alone", async () => {
  expect(await runAll(topics)).toEqual({
    "checkpoint/tiny": "part does not exist yet",
    "matcher/a": expect.stringContaining('a.json: has no tensor "in.x"'),
    "matcher/b": "pass",
    "matcher/c": expect.stringContaining("c.json: can't be read as JSON"),
  });
});

test("a topic that can't be loaded, throws or compares nothing fails its cases", async () => {
  const failing = async (): Promise<never> => Promise.reject(new Error("no such export"));
  expect((await runAll({ matcher: failing }))["matcher/b"]).toBe("Error: no such export");
  expect((await runAll({ matcher: async () => ({ run: async () => [] }) }))["matcher/b"]).toBe("nothing was compared");
});

test("what a case leaves behind is freed", async () => {
  const leaking: TopicRunner = async () => {
    variable(tensor1d([1, 2, 3]));
    return [check("always", true)];
  };
  const before = memory().numTensors;
  expect((await runAll({ matcher: async () => ({ run: leaking }) }))["matcher/b"]).toBe("pass");
  expect(memory().numTensors).toBe(before);
});

test("a topic's own folder can be given, and a folder without cases is refused", async () => {
  expect((await listFixtures(join(root, "matcher"))).map(({ topic, name }) => `${topic}/${name}`)).toEqual([
    "matcher/a",
    "matcher/b",
    "matcher/c",
  ]);
  await expect(listFixtures(join(root, "empty"))).rejects.toThrow("no case found");
  await expect(listFixtures(join(root, "nowhere"))).rejects.toThrow("is not a folder that can be read");
});

test("a fixture holds the JSON and the tensors of its name", async () => {
  const [, , location] = await listFixtures(root);
  if (location === undefined) throw new Error("expected three cases");
  const fixture = await readFixture(location);
  expect(fixture).toMatchObject({
    topic: "matcher",
    name: "b",
    file: join(root, "matcher", "b.json"),
    json: { answer: 42 },
  });
  expect(fixture.tensors.get("in.x")).toEqual({ shape: [3], data: Int32Array.of(2, 3, 5) });
});
