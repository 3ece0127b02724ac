import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { listFixtures, runCase } from "@detrkit/test-utils/recorded";
import { expect, test } from "vitest";
import { run } from "../test-support/coco-eval-case.ts";

// Not part of the repository: the data sets have licences of their own.
const folder = fileURLToPath(new URL("../../../../shared/data/coco-eval", import.meta.url));

test("every recorded data set and variant gives pycocotools' doubles", { timeout: 120_000 }, async (context) => {
  context.skip(!existsSync(folder), `${folder} is not on this machine`);
  const locations = await listFixtures(folder);
  expect(locations.length).toBeGreaterThanOrEqual(10);
  for (const location of locations) {
    const { reason, absolute } = await runCase(location, { "coco-eval": async () => ({ run }) });
    expect(`${location.name}: ${reason}`).toBe(`${location.name}: `);
    expect(absolute).toBeLessThanOrEqual(1e-12);
  }
});
