import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodePng } from "@detrkit/image";
import { temporaryFolder } from "@detrkit/test-utils";
import { readLog } from "@detrkit/training";
import { beforeAll, describe, expect, test } from "vitest";
import type { ReportFacts } from "../src/report/report-of-run.ts";
import { merged } from "../src/configuration/settings-tree.ts";
import { runFolder } from "../src/training/run-folder.ts";
import { type CliResult, expectExit, runCli } from "./support/run-cli.ts";
import { tinyFlags, tinySettings } from "./support/tiny-run.ts";

const folder = temporaryFolder();
const shapes = "shapes:count=4,validation=2,size=32,smallest=8,largest=16,objects=2,classes=2";
const short = merged(tinySettings, { epochs: 1, data: shapes });
// Channels of 32 don't do: they are halved three times, in groups of eight.
const masks = ["--masks", "--masks.context-dim", "64"];
const boxes = join(folder, "boxes");
const masked = join(folder, "masked");
const panoptic = `${shapes},stuff=1`;

let trained: CliResult;
beforeAll(async () => {
  expectExit(await runCli("train", ...tinyFlags(boxes, short)), 0);
  trained = await runCli("train", ...masks, "--json", ...tinyFlags(masked, merged(short, { data: panoptic })));
}, 300_000);

describe("train --masks", () => {
  test("measures masks and panoptic quality, and keeps them in log, metrics and report", async () => {
    expectExit(trained, 0);
    const run = runFolder(masked);
    const [record] = await readLog(run.log);
    expect(Object.keys(record?.terms ?? {})).toEqual(expect.arrayContaining(["maskFocal", "maskDice"]));
    expect(record?.maskMetrics?.AP).toBeGreaterThanOrEqual(0);
    expect(trained.stderr).toMatch(/ · mask AP 0\.\d+, AP50 0\.\d+ · PQ 0\.\d+ · /u);
    const stored = JSON.parse(await readFile(run.metrics, "utf8")) as Record<string, unknown>;
    expect(stored).toMatchObject({
      ...record?.metrics,
      masks: record?.maskMetrics,
      panoptic: { all: record?.panoptic },
    });
    const facts = JSON.parse(await readFile(run.reportFacts, "utf8")) as ReportFacts;
    expect(facts.evaluation).toMatchObject({ maskMetrics: record?.maskMetrics, panoptic: record?.panoptic });
    expect(await readFile(run.report, "utf8")).toContain("stuff");
    const config = JSON.parse(await readFile(run.config, "utf8")) as Record<string, unknown>;
    expect(config).toMatchObject({ masks: { contextDim: 64 }, freezeDetector: false });
    const last = JSON.parse(trained.stdout.trim().split("\n").at(-1) ?? "") as { last: unknown };
    expect(last.last).toEqual(record);
  });

  test("evaluate prints boxes, masks and panoptic quality, in text and as JSON", async () => {
    const text = await runCli("evaluate", "--checkpoint", masked, "--backend", "cpu");
    expectExit(text, 0);
    expect(text.stdout.match(/Average (Precision|Recall)/gu)).toHaveLength(24);
    expect(text.stdout).toMatch(
      /^boxes\n[\s\S]+\nmasks\n[\s\S]+\npanoptic quality\n.* PQ[\s\S]+\nthings[\s\S]+\nstuff/u,
    );
    const json = await runCli("evaluate", "--checkpoint", masked, "--backend", "cpu", "--json");
    const [record] = await readLog(runFolder(masked).log);
    expect(JSON.parse(json.stdout)).toMatchObject({
      metrics: record?.metrics,
      masks: { metrics: record?.maskMetrics },
      panoptic: { all: record?.panoptic },
    });
  });

  test("a run goes on with its masks, and cannot lose them", async () => {
    const resumed = await runCli("train", "--output", masked, "--resume", "--epochs", "2");
    expectExit(resumed, 0);
    expect((await readLog(runFolder(masked).log)).at(-1)?.maskMetrics).toBeDefined();
    const without = await runCli("train", "--output", masked, "--resume", "--no-masks");
    expectExit(without, 2);
    expect(without.stderr).toContain("the run to resume is one with masks, which --no-masks cannot change");
  });

  test("data without masks is refused with the formats that have some", async () => {
    const data = join(folder, "coco");
    const images = [1, 2].map((id) => ({ id, file_name: `${id}.png`, width: 32, height: 32 }));
    const annotations = images.map(({ id }) => ({ id, image_id: id, category_id: 1, bbox: [4, 4, 8, 8], area: 64 }));
    await mkdir(join(data, "annotations"), { recursive: true });
    await mkdir(join(data, "train"));
    const pixels = await encodePng({ width: 32, height: 32, data: new Uint8Array(32 * 32 * 3) });
    for (const { file_name } of images) await writeFile(join(data, "train", file_name), pixels);
    const content = { images, annotations, categories: [{ id: 1, name: "square" }] };
    await writeFile(join(data, "annotations", "instances_train.json"), JSON.stringify(content));
    const refused = await runCli("train", ...masks, ...tinyFlags(join(folder, "x"), merged(short, { data })));
    expectExit(refused, 2);
    expect(refused.stderr).toContain("none of its objects has a mask; expected COCO");
    // For boxes it does.
    const measured = await runCli("evaluate", "--checkpoint", masked, "--data", shapes, "--backend", "cpu");
    expectExit(measured, 0);
  });
});

describe("train --freeze-detector", () => {
  const frozen = (name: string, ...more: readonly string[]): Promise<CliResult> =>
    runCli("train", "--freeze-detector", ...more, ...tinyFlags(join(folder, name), short));

  test("trains the mask head over a run without masks, and goes on with it", async () => {
    const result = await frozen("frozen", ...masks, "--init", boxes);
    expectExit(result, 0);
    const [before] = await readLog(runFolder(boxes).log);
    const [record] = await readLog(runFolder(join(folder, "frozen")).log);
    expect(record?.metrics).toEqual(before?.metrics);
    expect(record?.maskMetrics).toBeDefined();
    const resumed = await runCli("train", "--output", join(folder, "frozen"), "--resume", "--epochs", "2");
    expectExit(resumed, 0);
    // Weights with a mask head start a detector of boxes, too.
    const without = await runCli(
      "train",
      "--no-masks",
      "--init",
      join(folder, "frozen"),
      ...tinyFlags(join(folder, "without"), short),
    );
    expectExit(without, 0);
    expect((await readLog(runFolder(join(folder, "without")).log))[0]).not.toHaveProperty("maskMetrics");
  });

  test.each<readonly [string, readonly string[], string]>([
    ["without weights", masks, "--freeze-detector keeps the detector as it begins, which is random"],
    ["without masks", ["--init", boxes], "this detector has none: add --masks"],
    ["over weights of other classes", [...masks, "--init", boxes], "classes that it does not know: triangle"],
  ])("is refused %s", async (name, more, message) => {
    const data = name.includes("classes") ? shapes.replace("classes=2", "classes=3") : shapes;
    const settings = merged(short, { data });
    const result = await runCli("train", "--freeze-detector", ...more, ...tinyFlags(join(folder, "no"), settings));
    expectExit(result, 2);
    expect(result.stderr).toContain(message);
  });
});
