import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "@detrkit/test-utils";
import { beforeAll, expect, test } from "vitest";
import { picture, post, until } from "./support/running-server.ts";
import { listening, type StartedProgram, startProgram } from "./support/served-program.ts";
import { writeUntrained } from "./support/untrained.ts";

const folder = temporaryFolder();
const [first, second] = [join(folder, "first.safetensors"), join(folder, "second.safetensors")];

beforeAll(async () => {
  await writeUntrained(first);
  await writeUntrained(second, { seed: 9 });
}, 120_000);

const start = (...args: readonly string[]): StartedProgram => startProgram(args, folder);

test("it serves, reloads on SIGHUP, and ends in order on SIGTERM", async () => {
  const weights = join(folder, "served.safetensors");
  copyFileSync(first, weights);
  const started = start("--checkpoint", weights, "--port", "0", "--no-watch");
  const { child, said, ended } = started;
  try {
    const address = await listening(started);
    expect(said()).toContain("served is ready: ");
    expect((await fetch(`${address}/v1/detect`, post(await picture()))).status).toBe(200);
    copyFileSync(second, weights);
    child.kill("SIGHUP");
    await until(() => said().includes("serve now"), 60_000);
    expect((await fetch(`${address}/v1/detect`, post(await picture()))).status).toBe(200);
    child.kill("SIGTERM");
    expect(await ended).toBe(0);
  } finally {
    child.kill("SIGKILL");
  }
});

test("who reads its lines may go away: it serves on, and ends in order", async () => {
  const started = start("--checkpoint", first, "--port", "0", "--no-watch");
  const address = await listening(started);
  started.child.stderr?.destroy();
  expect((await fetch(`${address}/v1/detect`, post(await picture()))).status).toBe(200);
  started.child.kill("SIGTERM");
  expect(await started.ended).toBe(0);
});

test.each([
  ["no checkpoint, and no demo", [], "there is no runs/demo here; `npm run demo` makes it"],
  [
    "weights that are not there",
    ["--checkpoint", "none.safetensors", "--port", "0"],
    "none.safetensors does not exist",
  ],
  ["an unknown flag", ["--treshold", "1"], "Unknown option '--treshold'"],
])("%s: one line, and exit code 2", async (_, args, message) => {
  const { said, ended } = start(...args);
  expect(await ended).toBe(2);
  expect(said().trim().split("\n").at(-1)).toContain(message);
  expect(said()).not.toContain("    at ");
});
