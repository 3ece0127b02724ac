import { join } from "node:path";
import { temporaryFolder } from "@detrkit/test-utils";
import { describe, expect, test } from "vitest";
import { runCli } from "./support/run-cli.ts";

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
    [["evaluate", "--checkpoint", "x"], "is no run folder, so it knows no images: name some with --data"],
    [["predict", "--checkpoint", "x"], "predict needs images"],
    [["check-data"], "check-data needs --data"],
    [["check-data", "voc:./data"], 'check-data takes flags only, got "voc:./data"; write --data voc:./data?'],
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

  test("doctor describes the backend", async () => {
    const { code, stdout } = await runCli("doctor", "--backend", "cpu", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ node: process.versions.node, backend: { name: "cpu" } });
  });
});
