import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { decodeImage, encodePng, readImageHeader } from "@detrkit/image";
import { temporaryFolder } from "@detrkit/test-utils";
import { beforeAll, describe, expect, test } from "vitest";
import type { ImagePrediction } from "../src/inference/prediction.ts";
import { runFolder } from "../src/training/run-folder.ts";
import { cli, type CliResult, expectExit, runCli, startCli } from "./support/run-cli.ts";
import { tinyFlags, tinySettings } from "./support/tiny-run.ts";

const folder = temporaryFolder();
const output = join(folder, "run");
const photos = join(folder, "my photos");
const image = { width: 31, height: 23, data: new Uint8Array(31 * 23 * 3).fill(90) };

const program = ["--conditions=@detrkit/source", cli, "predict", "--checkpoint", output, "--backend", "cpu"];

const predict = async (...args: readonly string[]): Promise<CliResult> =>
  await runCli("predict", "--checkpoint", output, "--threshold", "0", "--backend", "cpu", ...args);

beforeAll(async () => {
  expectExit(await runCli("train", ...tinyFlags(output, { ...tinySettings, epochs: 1 })), 0);
  await mkdir(join(photos, "deeper"), { recursive: true });
  await writeFile(join(photos, "good.png"), await encodePng(image));
  await writeFile(join(photos, "deeper", "good.png"), await encodePng({ ...image, data: image.data.map(() => 200) }));
}, 300_000);

describe("predict", () => {
  test("draws each image into a folder, prints detections, and names the one that is broken", async () => {
    const found = join(folder, "found");
    await writeFile(join(photos, "broken.jpg"), "no image");
    const before = await readdir(photos, { recursive: true });
    const { code, stdout, stderr } = await predict("--output", found, photos);
    expectExit({ code, stderr }, 2);
    expect(stderr).toContain("broken.jpg: unsupported");
    expect(await readdir(photos, { recursive: true })).toEqual(before);
    expect((await readdir(found, { recursive: true })).toSorted()).toEqual(
      ["deeper", join("deeper", "good.jpg"), "good.jpg"].toSorted(),
    );
    expect(await readImageHeader(join(found, "good.jpg"))).toMatchObject({ format: "jpeg", width: 31, height: 23 });
    const [first, second] = await Promise.all(
      ["good.jpg", join("deeper", "good.jpg")].map((name) => decodeImage(join(found, name))),
    );
    expect(first?.data).not.toEqual(second?.data);
    const predictions = JSON.parse(stdout) as ImagePrediction[];
    expect(predictions.map((prediction) => prediction.image)).toEqual([
      join(photos, "deeper", "good.png"),
      join(photos, "good.png"),
    ]);
    const [prediction] = predictions;
    expect(prediction).toMatchObject({ picture: join(found, "deeper", "good.jpg"), width: 31, height: 23 });
    expect(prediction?.detections).toHaveLength(tinySettings.numQueries * 2); // of each query both classes
    const [best, next] = prediction?.detections ?? [];
    expect(Object.keys(best ?? {})).toEqual(["label", "labelId", "score", "box"]);
    expect(Object.keys(best?.box ?? {})).toEqual(["xmin", "ymin", "xmax", "ymax"]);
    expect(best?.score).toBeGreaterThanOrEqual(next?.score ?? 1);
  });

  test("without --output writes to predictions in the current folder, and never into the folder of the images", () => {
    const start = (cwd: string, ...args: readonly string[]): { status: number | null; stderr: string } =>
      spawnSync(process.execPath, [...program, ...args], { cwd, encoding: "utf8" });
    const inside = start(photos, ".");
    expect(inside.stderr).toContain(`which is in the folder of the images, ${photos}; that is not written to`);
    expect(inside.status).toBe(2);
    expect(existsSync(join(photos, "predictions"))).toBe(false);
    expect(start(folder, join("my photos", "good.png")).status).toBe(0);
    expect(existsSync(join(folder, "predictions", "good.jpg"))).toBe(true);
  });

  test("without --threshold takes the score of the run's best F1, of its checkpoint file too", async () => {
    const { bestCheckpoint, log } = runFolder(output);
    const lines = await readFile(log, "utf8");
    const record = JSON.parse(lines) as object;
    for (const [scoreThreshold, count] of [
      [0.001, tinySettings.numQueries * 2],
      [0.999, 0],
    ] as const) {
      await writeFile(log, JSON.stringify({ ...record, scoreThreshold }));
      for (const checkpoint of [output, bestCheckpoint]) {
        const args = ["--checkpoint", checkpoint, "--backend", "cpu", "--no-pictures", join(photos, "good.png")];
        const { stdout, stderr } = await runCli("predict", ...args);
        expect(JSON.parse(stdout)).toHaveLength(count);
        expect(stderr).toContain(`scores from ${scoreThreshold.toFixed(2)} on; --threshold sets it`);
      }
    }
    await writeFile(log, lines);
  }, 60_000);

  test("prints a plain list for one image, and draws it as asked", async () => {
    const found = join(folder, "as-asked");
    const args = ["--picture-type", "png", "--picture-size", "310", "--threshold", "1", "--output", found];
    const checkpoint = ["--checkpoint", runFolder(output).bestCheckpoint, "--backend", "cpu"];
    const { code, stdout, stderr } = await runCli("predict", ...checkpoint, ...args, join(photos, "good.png"));
    expectExit({ code, stderr }, 0);
    expect(JSON.parse(stdout)).toEqual([]);
    expect(await readImageHeader(join(found, "good.png"))).toMatchObject({ format: "png", width: 310, height: 230 });
  });

  test("saves every form at once, and JSON in a file, without pictures", async () => {
    const found = join(folder, "saved");
    const json = join(folder, "saved.json");
    const wanted = ["--output", found, "--no-pictures", "--save", "yolo,coco", "--save", "csv", "--json", json];
    const { code, stdout, stderr } = await predict(...wanted, join(photos, "good.png"), join(photos, "deeper"));
    expectExit({ code, stderr }, 0);
    expect(stdout).toBe("");
    expect((JSON.parse(await readFile(json, "utf8")) as ImagePrediction[]).map((it) => it.picture)).toEqual([
      undefined,
      undefined,
    ]);
    expect((await readdir(found)).toSorted()).toEqual(["coco", "predictions.csv", "yolo"]);
    const [truth, results] = ["annotations.json", "results.json"].map((name) => join(found, "coco", name));
    const evaluated = await runCli("evaluate", "--annotations", truth ?? "", "--results", results ?? "", "--json");
    expectExit(evaluated, 0);
    // Nearly equal boxes of one class may be matched crosswise.
    expect((JSON.parse(evaluated.stdout) as { metrics: { AP: number } }).metrics.AP).toBeGreaterThan(0.9);
    for (const data of [join(found, "yolo"), join(found, "coco"), join(found, "predictions.csv")])
      expectExit(await runCli("check-data", "--data", data, "--split", "train"), 0);
  });

  test("stopped by Ctrl-C, it leaves valid JSON of what was found", async () => {
    const many = join(folder, "many");
    await mkdir(many);
    const count = 300;
    for (let index = 0; index < count; index++) await writeFile(join(many, `${index}.png`), await encodePng(image));
    const flags = ["predict", "--checkpoint", output, "--backend", "cpu", "--no-pictures", many];
    for (const further of [[], ["--json-lines"], ["--json", join(folder, "many.jsonl")]]) {
      let sent = false;
      const { code, stdout, stderr } = await startCli([...flags, ...further], (text, child) => {
        if (sent || !text.includes(" found\n")) return;
        sent = true;
        child.kill("SIGINT");
      }).ended;
      expectExit({ code, stderr }, 130);
      const text = further[0] === "--json" ? await readFile(further[1] ?? "", "utf8") : stdout;
      const predictions = (
        further.length > 0
          ? text
              .trim()
              .split("\n")
              .map((line) => JSON.parse(line) as unknown)
          : JSON.parse(text)
      ) as ImagePrediction[];
      expect(stderr).toContain(`stopped after ${predictions.length} of ${count} images`);
      expect(predictions.length).toBeGreaterThan(0);
      expect(predictions.length).toBeLessThan(count);
    }
  });

  test("npm's banner before the JSON is said, unless npm is silent", async () => {
    const start = (environment: NodeJS.ProcessEnv): string =>
      spawnSync(process.execPath, [...program, "--no-pictures", join(photos, "good.png")], {
        encoding: "utf8",
        env: { ...process.env, npm_command: "run", npm_config_user_agent: "npm/11.0.0", ...environment },
      }).stderr;
    expect(start({ npm_config_loglevel: "notice" })).toContain("note: npm wrote its banner before this JSON");
    expect(start({ npm_config_loglevel: "silent" })).not.toContain("banner");
  });

  test("says what is wrong with a checkpoint", async () => {
    const photo = join(photos, "good.png");
    for (const [path, message] of [
      [join(folder, "nowhere"), "does not exist"],
      [folder, "holds no checkpoint"],
      [photo, "good.png"],
    ] as const) {
      const found = join(folder, "none");
      const args = ["--checkpoint", path, "--backend", "cpu", "--output", found, photo];
      const { code, stderr } = await runCli("predict", ...args);
      expectExit({ code, stderr }, 2);
      expect(stderr).toContain(message);
    }
  });
});
