import { cp, readFile } from "node:fs/promises";
import { join } from "node:path";
import { readSafetensors } from "@detrkit/checkpoint";
import type { InitialReport } from "@detrkit/inference";
import { temporaryFolder } from "@detrkit/test-utils";
import { beforeAll, expect, test, vi } from "vitest";
import { runFolder } from "../src/training/run-folder.ts";
import { type CliResult, expectExit, runCli } from "./support/run-cli.ts";
import { tinyFlags, tinySettings } from "./support/tiny-run.ts";

const folder = temporaryFolder();
const first = join(folder, "first");
const huggingFace = join(import.meta.dirname, "..", "..", "..", "fixtures", "hugging-face");
/** What the next run's data is like, and nothing about its model. */
const otherData = [
  ["--data", "shapes:count=4,validation=2,size=32,smallest=8,largest=16,objects=2,classes=3"],
  ["--backend", "cpu", "--transforms.size", "32x32", "--transforms.kind", "fixed", "--epochs", "1"],
  ["--batch-size", "2", "--evaluation.pictures", "0"],
].flat();

beforeAll(async () => {
  expectExit(await runCli("train", ...tinyFlags(first, { ...tinySettings, epochs: 1 })), 0);
}, 300_000);

const reportOf = async (run: string): Promise<InitialReport> =>
  JSON.parse(await readFile(runFolder(run).initReport, "utf8")) as InitialReport;

test("a run starts from another run's weights, its settings, and the rows of classes that both have", async () => {
  const output = join(folder, "second");
  const result = await runCli("train", "--init", first, ...otherData, "--output", output);
  expectExit(result, 0);
  const report = await reportOf(output);
  expect(report).toMatchObject({ format: "detrkit", missing: [], unexpected: [], mismatched: [], otherSettings: [] });
  expect(report.keptClasses.map(({ name }) => name)).toEqual(["circle", "square"]);
  expect(report.newClasses).toEqual(["triangle"]);
  expect(result.stderr).toContain(`init: ${report.source} (detrkit): ${report.loaded.length} of`);
  expect(result.stderr).toContain("init: classes learnt anew: triangle");
  const config = JSON.parse(await readFile(runFolder(output).config, "utf8")) as Record<string, unknown>;
  expect(config).toMatchObject({ init: first, featureLevels: 2, numQueries: 5, backbone: { width: 4 } });
  // A fresh optimiser: two steps were made, not those of the first run too.
  const { metadata } = await readSafetensors(runFolder(output).lastCheckpoint);
  expect(JSON.parse(metadata["detrkit.training"] as string)).toMatchObject({ step: 2 });
  // A run that started from weights is resumed like any other.
  const resumed = await runCli("train", "--output", output, "--resume", "--epochs", "2");
  expectExit(resumed, 0);
  expect(resumed.stderr).not.toContain("init:");
});

test("what is given beats the file; what does not fit is an error that names it and leaves no run", async () => {
  const settings = ["--num-queries", "7", "--transformer.dropout", "0"];
  const output = join(folder, "queries");
  const result = await runCli("train", "--init", first, ...settings, ...otherData, "--output", output);
  expectExit(result, 0);
  expect(result.stderr).toContain("queries.queryEmbedding.weight: 5 of 7 rows loaded");
  expect(result.stderr).toContain(
    "settings other than the file's: --num-queries 7 (its 5), --transformer.dropout 0 (its 0.1)",
  );
  const wide = await runCli(
    "train",
    "--init",
    first,
    "--transformer.dim",
    "64",
    ...otherData,
    "--output",
    join(folder, "x"),
  );
  expectExit(wide, 2);
  expect(wide.stderr).toContain("transformer.dim is 64, the file's 32");
  await expect(readFile(runFolder(join(folder, "x")).config)).rejects.toThrow("ENOENT");
});

test("a folder of Hugging Face decides which detector it is, and may keep its backbone frozen", async () => {
  const init = join(huggingFace, "detr");
  const dry = await runCli("train", "--init", init, ...otherData, "--output", join(folder, "dry"), "--dry-run");
  expectExit(dry, 0);
  const config = JSON.parse(dry.stdout) as { readonly preset: string; readonly backbone: object };
  expect(config.preset).toMatch(/^detr-/u);
  expect(config).toMatchObject({
    numQueries: 5,
    transformer: { dim: 32, heads: 4 },
    backbone: { norm: "frozen-batch" },
  });
  const other = await runCli(
    "train",
    "--init",
    init,
    "--preset",
    "deformable-detr-small",
    ...otherData,
    "--output",
    "x",
  );
  expectExit(other, 2);
  expect(other.stderr).toContain("holds a DETR, but the run is one of Deformable DETR: leave --preset away, or choose");
});

test("a name on a hub is one of weights like any other, and its error names what forbids it", async () => {
  const cache = join(folder, "cache");
  await cp(join(huggingFace, "deformable-detr"), join(cache, "hub", "acme--cells", "v2"), { recursive: true });
  for (const [name, value] of Object.entries({ DETRKIT_CACHE: cache, HF_HOME: cache, HF_HUB_OFFLINE: "1" }))
    vi.stubEnv(name, value);
  const run = (name: string): Promise<CliResult> =>
    runCli("train", "--init", name, ...otherData, "--output", join(folder, "hub"), "--dry-run");
  const [known, unknown] = [await run("hf:acme/cells@v2"), await run("hf:acme/cells")];
  vi.unstubAllEnvs();
  expectExit(known, 0);
  expect(JSON.parse(known.stdout)).toMatchObject({ init: "hf:acme/cells@v2", numQueries: 5, featureLevels: 4 });
  expectExit(unknown, 2);
  expect(unknown.stderr).toContain("hf:acme/cells: is not in ");
  expect(unknown.stderr).toContain("HF_HUB_OFFLINE forbids to download it");
});

test("--init beside --resume is refused with what each of them does", async () => {
  const result = await runCli("train", "--init", first, "--output", first, "--resume");
  expectExit(result, 2);
  expect(result.stderr).toContain("--resume goes on with the run in --output");
});
