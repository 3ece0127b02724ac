import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { temporaryFolder } from "@detrkit/test-utils";
import { expect, test } from "vitest";
import { runFolder } from "../src/training/run-folder.ts";
import { npmRun } from "./support/npm-run.ts";
import { expectExit, type RunningCli, startCli } from "./support/run-cli.ts";
import { tinyFlags, tinySettings } from "./support/tiny-run.ts";

const folder = temporaryFolder();
/** A run that lasts longer than any of these tests. */
const flagsOf = (output: string): string[] => ["train", ...tinyFlags(output, { ...tinySettings, epochs: 5000 })];

/** A run that has done its first step. */
async function started(output: string): Promise<RunningCli> {
  return await new Promise<RunningCli>((resolve, reject) => {
    const run = startCli(flagsOf(output), (text) => {
      if (text.includes("step 1/4")) resolve(run);
    });
    run.ended.then((result) => reject(new Error(result.stderr)), reject);
  });
}

/** Goes on with a run for a step or more. */
async function resumeAndStop(output: string): Promise<void> {
  let sent = false;
  const { ended } = startCli(["train", "--output", output, "--resume"], (text, child) => {
    if (!sent && /step \d\/4/u.test(text)) sent = child.kill("SIGTERM");
  });
  expectExit(await ended, 143);
}

/** Fails unless a run was saved whole and its folder given back. */
async function expectSaved(output: string): Promise<void> {
  const files = await readdir(output);
  expect(files).toContain("checkpoint-last.safetensors");
  expect(files.filter((name) => name.endsWith(".lock") || name.endsWith(".tmp"))).toEqual([]);
}

test.each([
  ["kill", "SIGTERM", 143],
  ["a closed terminal", "SIGHUP", 129],
] as const)("%s saves the run and ends it as a shell expects", async (_, signal, code) => {
  const output = join(folder, signal);
  const { child, ended } = await started(output);
  child.kill(signal);
  const result = await ended;
  expectExit(result, code);
  expect(result.stderr).toContain(`train --output ${output} --resume`);
  await expectSaved(output);
});

test("a reader of the log that is gone, as tee after Ctrl-C, keeps no run from being saved", async () => {
  const output = join(folder, "unread");
  const { child, ended } = await started(output);
  child.stderr?.destroy();
  await pause(300);
  child.kill("SIGTERM");
  expect((await ended).code).toBe(143);
  await expectSaved(output);
});

test("who comes second to a folder in which a run is trained is told in one line who holds it", async () => {
  const output = join(folder, "held");
  const { child, ended } = await started(output);
  for (const flags of [
    ["train", "--output", output, "--resume"],
    [...flagsOf(output), "--overwrite"],
  ]) {
    const second = await startCli(flags).ended;
    expectExit(second, 2);
    const lines = second.stderr.trim().split("\n");
    expect(lines.filter((line) => line.startsWith("detrkit:"))).toEqual([
      expect.stringMatching(new RegExp(`^detrkit: ${output} is being trained by process ${child.pid} on `, "u")),
    ]);
  }
  child.kill("SIGKILL");
  await ended;
  expect(existsSync(join(output, "training.lock"))).toBe(true);
  await resumeAndStop(output);
  await expectSaved(output);
});

const linux = process.platform === "linux";

test.skipIf(!linux).each([
  ["npm is asked to end", "SIGTERM", "npm", 143],
  ["its whole process group is asked to end", "SIGTERM", "group", 143],
  ["the terminal is closed", "SIGHUP", "group", 129],
  ["npm is killed", "SIGKILL", "npm", null],
  ["what npm has started is killed", "SIGKILL", "bootstrap", 137],
] as const)("by npm run: when %s, the run is saved and no process is left", async (_, signal, whom, code) => {
  const output = join(folder, `npm-${signal}-${whom}`);
  const { npm, processes, said, saying } = npmRun(flagsOf(output));
  await saying("step 1/4");
  const ended = new Promise<number | null>((resolve) => npm.on("exit", resolve));
  const pid = npm.pid ?? 0;
  const bootstrap = processes().find(({ command }) => /^\S*node tools\/run\.mjs/u.test(command));
  process.kill({ npm: pid, group: -pid, bootstrap: bootstrap?.pid ?? 0 }[whom], signal);
  // npm ends by the signal itself where one came.
  const found = await ended;
  expect([code, null]).toContain(found);
  for (let waited = 0; processes().length > 0 && waited < 20_000; waited += 100) await pause(100);
  expect(processes()).toEqual([]);
  expect(said()).toContain(`go on with: npm run detrkit -- train --output ${output} --resume`);
  await expectSaved(output);
});

test.skipIf(!linux)(
  "a full disk while saving ends the run in one line, and the last checkpoint is resumed",
  async () => {
    const output = join(folder, "full");
    const { child, ended } = await started(output);
    child.kill("SIGTERM");
    await ended;
    const { lastCheckpoint } = runFolder(output);
    const before = await readFile(lastCheckpoint);
    // The shell's limit on the size of files, in blocks of 512 or 1,024 bytes: a full disk to this program alone.
    const limit = ["sh", "-c", 'ulimit -f 100; exec "$@"', "sh"];
    const limited = await startCli(["train", "--output", output, "--resume", "--save-every", "0"], () => {}, limit)
      .ended;
    expectExit(limited, 1);
    const line = limited.stderr.trim().split("\n").at(-1);
    expect(line).toMatch(/^detrkit: .*checkpoint-last\.safetensors: larger than a file may be here/u);
    expect(line).toMatch(
      /is still there\. The run ends here, what is stored is after step \d of epoch \d+; resume it then$/u,
    );
    expect(await readFile(lastCheckpoint)).toEqual(before);
    await expectSaved(output);
    await resumeAndStop(output);
  },
);
