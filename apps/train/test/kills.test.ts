import { join } from "node:path";
import { temporaryFolder } from "@detrkit/test-utils";
import { expect, test } from "vitest";
import { planKills } from "./kills/kill-plan.ts";
import { trainWithKills } from "./kills/kill-run.ts";
import { smallRun } from "./kills/small-run.ts";
import { expectExit, startCli } from "./support/run-cli.ts";
import { expectSameRun } from "./support/same-run.ts";

const folder = temporaryFolder();

test("kills are planned by their seed, on every occasion", () => {
  expect(planKills(20, 3)).toEqual(planKills(20, 3));
  expect(planKills(20, 3)).not.toEqual(planKills(20, 4));
  expect(new Set(planKills(4, 1).map(({ occasion }) => occasion)).size).toBe(4);
});

// `npm run kills` does twenty.
test("a run killed while it saves, evaluates and writes its report ends as if undisturbed", async () => {
  const { flags, stepsPerEpoch } = smallRun(4, 16, "0.5s");
  const [whole, killed] = [join(folder, "whole"), join(folder, "killed")];
  expectExit(await startCli(["train", "--output", whole, ...flags]).ended, 0);
  const plan = planKills(4, 2).slice(1);
  const done = await trainWithKills(killed, flags, stepsPerEpoch, plan);
  expect(done).toHaveLength(3);
  // An evaluation begins again, and so takes longer than what is between two saves.
  for (const { lost } of done) expect(lost).toBeLessThan(10);
  await expectSameRun(whole, killed);
});
