import { join } from "node:path";
import { temporaryFolder, useBackend } from "@detrkit/test-utils";
import type { TrainingEvent } from "@detrkit/training";
import { beforeAll, describe, expect, test } from "vitest";
import { resumeCommand } from "../src/cli/typed-command.ts";
import { resolveConfig } from "../src/configuration/resolve-config.ts";
import { train } from "../src/training/train.ts";
import { expectExit, startCli } from "./support/run-cli.ts";
import { expectSameRun } from "./support/same-run.ts";
import { tinyFlags, tinySettings } from "./support/tiny-run.ts";

const folder = temporaryFolder();
const configFor = (name: string) => resolveConfig({ ...tinySettings, output: join(folder, name) });

const expectSameAsWhole = (name: string): Promise<void> => expectSameRun(join(folder, "whole"), join(folder, name));

useBackend("cpu");
beforeAll(async () => {
  const { state } = await train(configFor("whole"), "refuse");
  expect(state).toBe("finished");
}, 300_000);

describe("a run that was stopped", () => {
  test.each([
    [
      "in the middle of an epoch",
      (event: TrainingEvent) => event.kind === "step" && event.epoch === 2 && event.step === 2,
    ],
    [
      "after the last step of an epoch",
      (event: TrainingEvent) => event.kind === "step" && event.epoch === 2 && event.step === 4,
    ],
    ["in its evaluation", (event: TrainingEvent) => event.kind === "evaluation" && event.image < event.images],
    ["before its first step", (event: TrainingEvent) => event.kind === "message"],
  ])("%s goes on with the same numbers", async (when, isMoment) => {
    const name = when.replaceAll(" ", "-");
    const controller = new AbortController();
    let seen = false;
    const report = (event: TrainingEvent): void => {
      seen ||= isMoment(event);
      if (seen) controller.abort();
    };
    expect((await train(configFor(name), "refuse", { report, signal: controller.signal })).state).toBe("stopped");
    expect((await train(configFor(name), "resume")).state).toBe("finished");
    await expectSameAsWhole(name);
  });

  test("again and again, after every step, goes on with the same numbers", async () => {
    let runs = 0;
    for (let state = "stopped"; state === "stopped"; runs++) {
      const controller = new AbortController();
      const report = (event: TrainingEvent): void => {
        if (event.kind === "step") controller.abort();
      };
      ({ state } = await train(configFor("stepwise"), runs === 0 ? "refuse" : "resume", {
        report,
        signal: controller.signal,
      }));
    }
    expect(runs).toBeGreaterThan(12);
    await expectSameAsWhole("stepwise");
  });
});

describe("the program", () => {
  test("killed without warning goes on with the same numbers and no epoch twice in its log", async () => {
    const output = join(folder, "killed");
    const { ended } = startCli(["train", ...tinyFlags(output)], (text, child) => {
      if (/epoch 1\/3 · loss/.test(text)) child.kill("SIGKILL");
    });
    expect((await ended).code).toBeNull();
    const resumed = await startCli(["train", "--output", output, "--resume"]).ended;
    expectExit(resumed, 0);
    await expectSameAsWhole("killed");
  });

  test("stopped by Ctrl-C saves its state, exits with 130 and goes on with the same numbers", async () => {
    const output = join(folder, "interrupted");
    let sent = false;
    const { ended } = startCli(["train", ...tinyFlags(output)], (text, child) => {
      if (sent || !/step 1\/4/.test(text)) return;
      sent = true;
      // One Ctrl-C in a terminal can arrive twice: from the terminal, and handed on by npm.
      child.kill("SIGINT");
      child.kill("SIGINT");
    });
    const { code, stderr } = await ended;
    expectExit({ code, stderr }, 130);
    expect(stderr).toContain(`stopped; go on with: ${resumeCommand(output)}`);
    const resumed = await startCli(["train", "--output", output, "--resume"]).ended;
    expectExit(resumed, 0);
    await expectSameAsWhole("interrupted");
  });
});
