import { type ChildProcess, spawn } from "node:child_process";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "@detrkit/test-utils";
import { beforeAll, expect, test } from "vitest";
import { picture, post, until } from "./support/running-server.ts";
import { writeUntrained } from "./support/untrained.ts";

const folder = temporaryFolder();
const [first, second] = [join(folder, "first.safetensors"), join(folder, "second.safetensors")];
const program = join(import.meta.dirname, "../src/cli.ts");

beforeAll(async () => {
  await writeUntrained(first);
  await writeUntrained(second, { seed: 9 });
}, 120_000);

/** Starts the program in an empty folder; `said` is what it wrote to stderr so far. */
function start(...args: readonly string[]): { child: ChildProcess; said: () => string; ended: Promise<number | null> } {
  const child = spawn(
    process.execPath,
    ["--conditions=@detrkit/source", "--disable-warning=ExperimentalWarning", program, ...args],
    { cwd: folder, stdio: ["ignore", "pipe", "pipe"] },
  );
  let text = "";
  child.stderr?.on("data", (data: Buffer) => (text += data.toString()));
  return { child, said: () => text, ended: new Promise((done) => child.once("exit", done)) };
}

test("it serves, reloads on SIGHUP, and ends in order on SIGTERM", async () => {
  const weights = join(folder, "served.safetensors");
  copyFileSync(first, weights);
  const { child, said, ended } = start("--checkpoint", weights, "--port", "0", "--no-watch");
  try {
    await until(() => said().includes("listens at"), 60_000);
    expect(said()).toContain("served is ready: ");
    const address = /listens at (\S+)/u.exec(said())?.[1] ?? "";
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
