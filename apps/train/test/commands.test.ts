import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodePng } from "@detrkit/image";
import { temporaryFolder } from "@detrkit/test-utils";
import { readLog } from "@detrkit/training";
import { beforeAll, describe, expect, test } from "vitest";
import { runFolder } from "../src/training/run-folder.ts";
import { type CliResult, expectExit, runCli } from "./support/run-cli.ts";
import { tinyDetrSettings, tinyFlags, tinySettings } from "./support/tiny-run.ts";

const folder = temporaryFolder();
const output = join(folder, "run");
const run = runFolder(output);
const image = { width: 31, height: 23, data: new Uint8Array(31 * 23 * 3).fill(90) };

let trained: CliResult;
beforeAll(async () => {
  trained = await runCli("train", ...tinyFlags(output), "--json");
}, 300_000);

describe("train", () => {
  test("leaves everything that a run folder is to hold", async () => {
    expectExit(trained, 0);
    // The report on weights is that of --init.
    expect(Object.values(run).filter((path) => !existsSync(path))).toEqual([run.initReport]);
    // As many of each kind as --evaluation.pictures says; an untrained model has no best images.
    const pictures = await readdir(run.predictions);
    for (const kind of ["shapes", "worst", "batch"])
      expect(pictures.filter((name) => name.slice(3).startsWith(kind))).toHaveLength(2);
    expect((await readdir(output)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
    expect(JSON.parse(await readFile(run.config, "utf8"))).toMatchObject({
      ...tinySettings,
      learningRate: 2e-4,
      output,
    });
    expect(Object.keys(JSON.parse(await readFile(run.metrics, "utf8")) as object)).toEqual([
      "AP",
      "AP50",
      "AP75",
      "APs",
      "APm",
      "APl",
      "AR1",
      "AR10",
      "AR100",
      "ARs",
      "ARm",
      "ARl",
    ]);
  });

  test("logs a line an epoch, with metrics where it evaluated", async () => {
    const records = await readLog(run.log);
    expect(records.map(({ epoch, step, metrics }) => [epoch, step, metrics !== undefined])).toEqual([
      [1, 4, false],
      [2, 8, true],
      [3, 12, true],
    ]);
    expect(Object.keys(records[0]?.terms ?? {})).toEqual(["classification", "boxL1", "generalizedIou", "classError"]);
    for (const { peakMemoryMb, imagesPerSecond, gradientNorm } of records)
      expect(Math.min(peakMemoryMb, imagesPerSecond, gradientNorm)).toBeGreaterThan(0);
  });

  test("prints the resolved settings and progress on stderr, and the outcome on stdout", () => {
    expect(trained.stderr).toContain('"learningRate": 0.0002');
    expect(trained.stderr).toMatch(/epoch 3\/3 · loss/);
    const events = trained.stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { readonly kind: string; readonly latest?: { readonly step: number } });
    const steps = events.filter(({ kind }) => kind === "step").map(({ latest }) => latest?.step);
    expect(steps).toEqual(Array.from({ length: 12 }, (_, index) => index + 1));
    expect(events.filter(({ kind }) => kind === "epoch")).toHaveLength(3);
    expect(events.at(-1)).toMatchObject({ kind: "outcome", state: "finished", output, last: { epoch: 3 } });
  });

  test("prints with --dry-run what --config takes", async () => {
    const root = join(folder, "dry");
    const first = await runCli("train", ...tinyFlags(root), "--dry-run");
    expectExit(first, 0);
    const file = join(folder, "dry.json");
    await writeFile(file, first.stdout);
    const second = await runCli("train", "--config", file, "--dry-run", "--epochs", "5");
    expect(JSON.parse(second.stdout)).toEqual({ ...(JSON.parse(first.stdout) as object), epochs: 5 });
    expect(existsSync(root)).toBe(false);
  });

  test("does not touch a run that is there", async () => {
    const { code, stderr } = await runCli("train", ...tinyFlags(output));
    expect(code).toBe(2);
    expect(stderr).toContain("--resume");
    expect(await readLog(run.log)).toHaveLength(3);
  });

  test("refuses to resume as another run, and may train longer", async () => {
    const other = await runCli("train", "--output", output, "--resume", "--batch-size", "3");
    expect(other.code).toBe(2);
    expect(other.stderr).toContain("--batch-size 2, which cannot change to 3");
  });

  test("stops with the batch's images when the numbers are no longer finite", async () => {
    const root = join(folder, "diverged");
    const { code, stderr } = await runCli(
      "train",
      ...tinyFlags(root),
      "--learning-rate",
      "1e30",
      "--optimizer.clip-norm",
      "0",
    );
    expectExit({ code, stderr }, 1);
    expect(stderr).toMatch(/epoch 1, step \d: SetCriterion.*The batch's images:\n {2}shapes-train-00000\d\.png\n/s);
    expect(stderr).toContain("`detrkit check-data`; if they are sound, lower --learning-rate");
  });

  test("ends when there is nothing to learn, and leaves no run", async () => {
    const data = join(folder, "no-classes");
    const root = join(folder, "impossible");
    await mkdir(data);
    await writeFile(join(data, "a.png"), await encodePng(image));
    await writeFile(
      join(data, "train.json"),
      JSON.stringify({
        images: [{ id: 1, width: 31, height: 23, file_name: "a.png" }],
        categories: [],
        annotations: [],
      }),
    );
    const { code, stderr } = await runCli(
      "train",
      "--data",
      `coco:${data}`,
      "--validation.split",
      "train",
      "--output",
      root,
      "--backend",
      "cpu",
    );
    expectExit({ code, stderr }, 2);
    expect(stderr).toContain("no box in any image; there is nothing to learn");
    expect(existsSync(root)).toBe(false);
  }, 20_000);

  test("stops before it starts when the data has defects and none are to be dropped", async () => {
    const data = join(folder, "defective");
    await mkdir(data);
    await writeFile(join(data, "a.png"), await encodePng(image));
    const annotations = {
      images: [{ id: 1, width: 31, height: 23, file_name: "a.png" }],
      categories: [{ id: 1, name: "cell" }],
      annotations: [{ id: 1, image_id: 1, category_id: 1, bbox: [3, 3, 0, 5], area: 0 }],
    };
    await writeFile(join(data, "annotations.json"), JSON.stringify(annotations));
    const spec = `coco:${join(data, "annotations.json")},images=${data}`;
    const checked = await runCli("check-data", "--data", spec);
    expectExit(checked, 2);
    expect(checked.stdout).toContain("box-no-area: 1");
    const refused = await runCli(
      "train",
      "--data",
      spec,
      "--validation.split",
      "train",
      "--output",
      join(folder, "never"),
      "--bad-data",
      "stop",
      "--backend",
      "cpu",
    );
    expectExit(refused, 2);
    expect(refused.stderr).toContain("box [3, 3, 3, 8] has no area");
  });
});

describe("other models", () => {
  test("DETR trains, and its checkpoint is known for what it is", async () => {
    const root = join(folder, "detr");
    expectExit(await runCli("train", ...tinyFlags(root, { ...tinyDetrSettings, epochs: 1 })), 0);
    const [record] = await readLog(runFolder(root).log);
    expect(Object.keys(record?.terms ?? {})).toEqual([
      "classification",
      "boxL1",
      "generalizedIou",
      "classError",
      "cardinalityError",
    ]);
    const { code, stdout, stderr } = await runCli(
      "evaluate",
      "--checkpoint",
      root,
      "--data",
      tinySettings.data,
      "--backend",
      "cpu",
      "--json",
    );
    expectExit({ code, stderr }, 0);
    expect((JSON.parse(stdout) as { metrics: unknown }).metrics).toEqual(record?.metrics);
  });

  test("a two-stage model logs the losses of its proposals too", async () => {
    const root = join(folder, "two-stage");
    expectExit(await runCli("train", ...tinyFlags(root, { ...tinySettings, twoStage: true, epochs: 1 })), 0);
    const [record] = await readLog(runFolder(root).log);
    expect(Object.keys(record?.terms ?? {}).filter((name) => name.startsWith("encoder."))).toEqual([
      "encoder.classification",
      "encoder.boxL1",
      "encoder.generalizedIou",
    ]);
    expect(record?.terms["encoder.boxL1"]).toBeGreaterThan(0);
  });
});

describe("evaluate", () => {
  test("a run knows its images", async () => {
    const result = await runCli("evaluate", "--checkpoint", output, "--backend", "cpu", "--json");
    expectExit(result, 0);
    const logged = (await readLog(run.log)).map(({ metrics }) => metrics);
    expect(logged).toContainEqual((JSON.parse(result.stdout) as { metrics: unknown }).metrics);
  });

  test("--split alone names another split of the run's data", async () => {
    const { code, stderr } = await runCli("evaluate", "--checkpoint", output, "--split", "test", "--backend", "cpu");
    expectExit({ code, stderr }, 0);
    expect(stderr).toContain(`data: 3 images of ${tinySettings.data}, split test`);
  });

  test("--split val of data without one means the images that training kept", async () => {
    const [data, root] = [join(folder, "no-val"), join(folder, "kept")];
    await mkdir(data);
    await writeFile(join(data, "classes.txt"), "cat\n");
    for (const level of [1, 2, 3, 4, 5]) {
      await writeFile(join(data, `${level}.png`), await encodePng({ ...image, data: image.data.map(() => level) }));
      await writeFile(join(data, `${level}.txt`), "0 0.5 0.5 0.5 0.5\n");
    }
    expectExit(await runCli("train", ...tinyFlags(root, { ...tinySettings, data, epochs: 1 })), 0);
    const { code, stderr } = await runCli("evaluate", "--checkpoint", root, "--split", "val", "--backend", "cpu");
    expectExit({ code, stderr }, 0);
    expect(stderr).toContain(`data: 1 images of ${data}, split val`);
  });

  test("gives the numbers that training logged", async () => {
    const { code, stdout, stderr } = await runCli(
      "evaluate",
      "--checkpoint",
      run.lastCheckpoint,
      "--data",
      tinySettings.data,
      "--backend",
      "cpu",
      "--json",
      "--output",
      folder,
    );
    expectExit({ code, stderr }, 0);
    const { metrics } = JSON.parse(stdout) as { metrics: unknown };
    expect(metrics).toEqual((await readLog(run.log)).at(-1)?.metrics);
    expect(JSON.parse(await readFile(join(folder, "metrics.json"), "utf8"))).toEqual(metrics);
  });

  test("takes the files of any detector", async () => {
    const truth = {
      images: [{ id: 1, width: 50, height: 50 }],
      categories: [{ id: 4, name: "cell" }],
      annotations: [{ id: 1, image_id: 1, category_id: 4, bbox: [5, 5, 20, 20], area: 400 }],
    };
    const [annotations, results] = [join(folder, "gt.json"), join(folder, "dt.json")];
    await writeFile(annotations, JSON.stringify(truth));
    await writeFile(results, JSON.stringify([{ image_id: 1, category_id: 4, bbox: [5, 5, 20, 20], score: 0.5 }]));
    const { code, stdout } = await runCli("evaluate", "--annotations", annotations, "--results", results);
    expect(code).toBe(0);
    expect(stdout.split("\n")[0]).toContain("= 1.000");
    expect(stdout).toMatch(/cell +1 +1 +1\.000/);
  });

  test("refuses data of other classes", async () => {
    const { code, stderr } = await runCli(
      "evaluate",
      "--checkpoint",
      output,
      "--data",
      "shapes:count=2,size=32,classes=3",
      "--backend",
      "cpu",
    );
    expect(code).toBe(2);
    expect(stderr).toContain("triangle");
  });
});

describe("check-data", () => {
  test("ends well where nothing is wrong", async () => {
    const { code, stdout } = await runCli("check-data", "--data", "shapes:count=7,validation=3,classes=2");
    expect(code).toBe(0);
    expect(stdout).toContain("train: 7 images");
  });
});

describe("demo", () => {
  test("trains on generated images, measures on others, and says whether that was enough", async () => {
    const root = join(folder, "demo");
    const { code, stdout, stderr } = await runCli("demo", "--output", root, "--images", "8", "--epochs", "1");
    expectExit({ code, stderr }, 1);
    expect(stderr).toContain("8 training and 100 validation images, classes circle, square, triangle");
    expect(stdout).toContain("Not learned: AP50 on 100 images it has not seen stayed below 0.85");
    // As large as was asked for: nothing is timed, nothing shortened.
    expect(stderr).not.toContain("timing");
    // 16 spread over the set, the four worst, and the one batch of 8 images; nothing is found yet, so none is a best.
    const pictures = await readdir(runFolder(root).predictions);
    expect(pictures.filter((name) => name.includes("-worst-"))).toHaveLength(4);
    expect(pictures.filter((name) => name.includes("-batch-"))).toHaveLength(1);
    const report = await readFile(runFolder(root).report, "utf8");
    expect(report).not.toContain("learned by heart");
    expect(report.match(/src="data:image\/webp;base64,/g)).toHaveLength(pictures.length);
    expect(pictures.length).toBeGreaterThanOrEqual(21);
    expect(report.length).toBeLessThan(2_000_000);
  });

  test("shows DETR learning by heart when asked to, and says that it is no more than that", async () => {
    const root = join(folder, "demo-detr");
    const { code, stdout, stderr } = await runCli(
      "demo",
      "--model",
      "detr",
      "--output",
      root,
      "--images",
      "2",
      "--epochs",
      "1",
    );
    expectExit({ code, stderr }, 1);
    expect(stdout).toContain("AP50 on the training images stayed below 0.9");
    expect(await readFile(runFolder(root).report, "utf8")).toContain("learned by heart");
  });
});
