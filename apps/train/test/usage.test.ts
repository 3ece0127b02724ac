import { spawnSync } from "node:child_process";
import { closeSync, existsSync, openSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder } from "@detrkit/test-utils";
import { describe, expect, test } from "vitest";
import { cli, runCli } from "./support/run-cli.ts";

const folder = temporaryFolder();

describe("usage", () => {
  test.each([
    [["trian"], "did you mean train?"],
    [["train", "--epohcs", "3"], "unknown flag --epohcs, did you mean --epochs?"],
    [["train", "--output", "x"], "--data is missing"],
    [
      ["train", "--data", "shapes", "--output", "x", "--transformer.pre-norm"],
      "--transformer.pre-norm is a setting of DETR, which Deformable DETR does not have",
    ],
    [["demo", "--model", "dert"], "did you mean detr?"],
    [["train", "--data", "voc:none", "--output", join(folder, "none"), "--backend", "cpu"], "none"],
    [["train", "--output", join(folder, "none"), "--resume"], "holds no run to resume"],
    [["evaluate", "--checkpoint", "x"], "is no run, so it knows no images: name some with --data"],
    [["predict", "--checkpoint", "x"], "predict needs images"],
    [["check-data"], "check-data needs --data"],
    [["check-data", "voc:./data"], 'check-data takes flags only, got "voc:./data"; write --data voc:./data?'],
    [["train", "--lr", "1"], "unknown flag --lr, did you mean --learning-rate?"],
    [["train", "--validation-share", "2", "--data", "shapes", "--output", "x"], "--validation.share: "],
    [["train", "data=coco.yaml"], 'train takes flags only, got "data=coco.yaml"; write --data coco.yaml'],
    [["train", "--config", folder], `--config ${folder}: ${folder} is a folder, where a file was expected`],
    [["evaluate", "--annotations", join(folder, "no"), "--results", "b"], "no does not exist; check the path"],
    [["doctor", "now"], 'doctor takes flags only, got "now"'],
    [
      ["evaluate", "--checkpoint", "x", "--data", "shapes", "--type", "segm"],
      "--type means nothing beside --checkpoint",
    ],
    [
      ["evaluate", "--annotations", "a", "--results", "b", "--split", "val"],
      "--split means nothing beside --annotations and --results",
    ],
    [[], "Commands:"],
  ])("%j ends with 2 and says why", async (args, message) => {
    const { code, stdout, stderr } = await runCli(...args);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(stdout).toBe("");
  });

  test.each(["train", "evaluate", "predict", "check-data", "doctor", "demo"])(
    "%s has help with examples",
    async (command) => {
      const { code, stdout } = await runCli(command, "--help");
      expect(code).toBe(0);
      expect(stdout).toContain("Examples:");
    },
  );

  test.each([
    ["a file", ""],
    ["below a file", "deeper"],
  ])("an output that is %s is named in a line, by every command that writes", async (_, below) => {
    const file = join(folder, "taken");
    await writeFile(file, "");
    const [annotations, results] = [join(folder, "truth.json"), join(folder, "results.json")];
    await writeFile(annotations, JSON.stringify({ images: [], categories: [], annotations: [] }));
    await writeFile(results, "[]");
    const output = join(file, below);
    for (const args of [
      ["train", "--data", "shapes:count=4,validation=2,size=32", "--transforms.size", "32x32", "--backend", "cpu"],
      ["evaluate", "--annotations", annotations, "--results", results],
    ]) {
      const { code, stderr } = await runCli(...args, "--output", output);
      expect(stderr.split("\n").at(-2)).toMatch(/taken is a file, where a folder was expected; choose another path/u);
      expect(stderr).not.toContain("    at ");
      expect(code).toBe(2);
    }
  });

  test("a disk that is full behind standard output is no stack trace", async (context) => {
    context.skip(!existsSync("/dev/full"), "there is no /dev/full here");
    const [command, ...rest] = [process.execPath, "--conditions=@detrkit/source", cli, "--help"];
    const full = openSync("/dev/full", "w");
    const { status, stderr } = spawnSync(command, rest, { stdio: ["ignore", full, "pipe"], encoding: "utf8" });
    closeSync(full);
    expect(stderr).toBe(
      "detrkit: standard output: the disk is full; free some space, or choose a place on another disk\n",
    );
    expect(status).toBe(1);
  });

  test("doctor describes the backend", async () => {
    const { code, stdout } = await runCli("doctor", "--backend", "cpu", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ node: process.versions.node, backend: { name: "cpu" } });
  });
});
