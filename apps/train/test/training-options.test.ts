import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder } from "@detrkit/test-utils";
import { readLog } from "@detrkit/training";
import { expect, test } from "vitest";
import { runFolder } from "../src/training/run-folder.ts";
import { expectExit, runCli } from "./support/run-cli.ts";
import { tinyFlags, tinySettings } from "./support/tiny-run.ts";

const folder = temporaryFolder();

test("--overfit that does not learn its images fails loudly, and evaluate measures on the same images", async () => {
  const output = join(folder, "overfit");
  const settings = { ...tinySettings, overfit: 3, epochs: 1, evaluation: { every: 1, pictures: 1 } };
  const run = await runCli("train", ...tinyFlags(output, settings));
  expectExit(run, 1);
  expect(run.stderr).toContain("3 training and 3 validation images");
  expect(run.stderr).toMatch(/FAILED --overfit 3: AP50 on the images it was trained on is 0\.\d{3} after 2 steps/u);
  expect(await readFile(runFolder(output).report, "utf8")).toContain("learned by heart");
  const evaluated = await runCli("evaluate", "--checkpoint", output, "--backend", "cpu", "--json");
  expectExit(evaluated, 0);
  expect(evaluated.stderr).toContain("data: 3 images of shapes:");
  const { metrics } = JSON.parse(evaluated.stdout) as { readonly metrics: unknown };
  expect((await readLog(runFolder(output).log)).at(-1)?.metrics).toEqual(metrics);
});

test("--max-minutes ends a run in time, and a later one goes on with more of them", async () => {
  const output = join(folder, "limited");
  const settings = { ...tinySettings, epochs: 100_000, evaluation: { every: 0, pictures: 0 } };
  const limited = await runCli("train", ...tinyFlags(output, settings), "--max-minutes", "0.05");
  expectExit(limited, 0);
  expect(limited.stderr).toContain("stopped early, there was no time for another epoch");
  const first = (await readLog(runFolder(output).log)).length;
  expect(first).toBeLessThan(1000);
  const resumed = await runCli("train", "--output", output, "--resume", "--max-minutes", "0.05");
  expectExit(resumed, 0);
  expect((await readLog(runFolder(output).log)).length).toBeGreaterThan(first);
});

test("a batch size that is found is the run's from then on, and the rate follows it", async () => {
  const output = join(folder, "automatic");
  const settings = {
    ...tinySettings,
    batchSize: "auto",
    epochs: 1,
    learningRateScaling: { rule: "linear", images: 3 },
    schedule: { kind: "constant" },
  };
  const run = await runCli("train", ...tinyFlags(output, settings), "--accumulate", "2");
  expectExit(run, 0);
  expect(run.stderr).toMatch(/--batch-size auto: 3 \(the rate is meant for so many; /u);
  expect(run.stderr).toContain("learning rate: 0.0002 × (6/3) = 0.0004, for steps of 6 images instead of 3");
  const [record] = await readLog(runFolder(output).log);
  expect([record?.step, record?.learningRate]).toEqual([2, 4e-4]);
  expect(record?.validationLoss).toBeGreaterThan(0);
  expect(JSON.parse(await readFile(runFolder(output).config, "utf8"))).toMatchObject({ batchSize: 3 });
  expectExit(await runCli("train", "--output", output, "--resume", "--epochs", "2"), 0);
});
