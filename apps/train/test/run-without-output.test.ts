import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "@detrkit/test-utils";
import { expect, test } from "vitest";
import { type CliResult, expectExit, startCli } from "./support/run-cli.ts";
import { tinyFlags, tinySettings } from "./support/tiny-run.ts";

const folder = temporaryFolder();

/** Runs `detrkit train` in a folder, and waits for its end. */
async function trainIn(workingFolder: string, ...flags: readonly string[]): Promise<CliResult> {
  return await startCli(["train", ...flags], () => {}, ["env", "-C", workingFolder]).ended;
}

const tiny = tinyFlags("", { ...tinySettings, epochs: 1 }).filter((flag) => flag !== "--output" && flag !== "");

test("without --output a run gets a folder of its own, and --resume goes on with the last one", async () => {
  const work = join(folder, "work");
  mkdirSync(work);
  const printed = await trainIn(work, ...tiny, "--dry-run");
  expectExit(printed, 0);
  expect(JSON.parse(printed.stdout)).not.toHaveProperty("output");
  expect(readdirSync(work)).toEqual([]);
  for (const name of ["shapes", "shapes-2"]) {
    const result = await trainIn(work, ...tiny);
    expectExit(result, 0);
    expect(result.stderr).toContain(`run folder: ${join("runs", name)}\n`);
    expect(readdirSync(join(work, "runs", name))).toContain("report.html");
  }
  const resumed = await trainIn(work, "--resume", "--epochs", "2");
  expectExit(resumed, 0);
  expect(resumed.stderr).toContain(
    `going on with ${join("runs", "shapes-2")}, the last of 2 runs in runs (--output names another)\n`,
  );
  expect(resumed.stderr).toContain("epoch 2/2");
}, 300_000);

test("--overwrite has to say what it replaces", async () => {
  const { code, stderr } = await trainIn(folder, ...tiny, "--overwrite");
  expect(code).toBe(2);
  expect(stderr).toContain("--overwrite replaces the run in --output; name that folder, or leave --overwrite away");
});
