import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { listFixtures } from "./fixture.ts";
import { runCase } from "./run-case.ts";
import { startGradientBackend } from "./start-backend.ts";
import { topics } from "./topics.ts";

const root = fileURLToPath(new URL("../../../fixtures", import.meta.url));
const locations = existsSync(root) ? await listFixtures(root) : [];

beforeAll(async () => {
  await startGradientBackend("fastest");
}, 600_000);

test("there are recorded cases", () => {
  expect(locations.length).toBeGreaterThan(0);
});

test.each(locations)("$topic/$name agrees with the original", async (location) => {
  const { passed, reason } = await runCase(location, topics);
  expect({ passed, reason }).toEqual({ passed: true, reason });
});

test("every topic's file is registered under its own name", async () => {
  const files = (await readdir(new URL("topics", import.meta.url))).filter(
    (name) => name.endsWith(".ts") && !name.endsWith(".test.ts"),
  );
  const withRunner: string[] = [];
  for (const file of files) {
    const content: unknown = await import(new URL(`topics/${file}`, import.meta.url).href);
    if (typeof content === "object" && content !== null && "run" in content) withRunner.push(basename(file, ".ts"));
  }
  expect(Object.keys(topics).toSorted()).toEqual(withRunner.toSorted());
});
