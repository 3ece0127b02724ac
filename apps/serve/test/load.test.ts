import { join } from "node:path";
import { temporaryFolder } from "@detrkit/test-utils";
import { expect, test } from "vitest";
import { LoadRun } from "./load/load-run.ts";
import { writeUntrained } from "./support/untrained.ts";

// The long one is `npm run load`.
test("too much, damaged bodies, a reload, a crash, SIGTERM: every request is answered or refused", async () => {
  const checkpoint = join(temporaryFolder(), "model.safetensors");
  await writeUntrained(checkpoint);
  const lines: string[] = [];
  const settings = { checkpoint, seconds: 10, shortSeconds: 2, factor: 3, damaged: 55, seed: 1 };
  expect(await LoadRun.run({ ...settings, say: (line) => lines.push(line) })).toEqual([]);
  expect(lines.some((line) => line.includes("429 queue-full"))).toBe(true);
});
