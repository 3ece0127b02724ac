import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import type { TopicRunner } from "./recorded/case.ts";
import { type FixtureLocation, listFixtures } from "./recorded/read-case.ts";
import { runCase } from "./recorded/run-case.ts";
import { startGradientBackend } from "./recorded/start-backend.ts";

/**
 * One test for each case of a topic that was recorded from the original implementation and is kept in this repository
 * (docs/fixtures.md). `npm run parity` runs the same function on the cases of any folder.
 *
 * @param folder - URL of the topic's cases: `new URL("../../../fixtures/matcher", import.meta.url)`
 */
export async function testRecordedCases(folder: URL, run: TopicRunner): Promise<void> {
  const locations = await listFixtures(fileURLToPath(folder));
  beforeAll(() => startGradientBackend("fastest"), 600_000);
  test.each<FixtureLocation>(locations)("$topic/$name agrees with the original", async (location) => {
    const { passed, reason } = await runCase(location, { [location.topic]: async () => ({ run }) });
    expect({ passed, reason }).toEqual({ passed: true, reason });
  });
}
