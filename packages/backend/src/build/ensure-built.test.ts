import { mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { BackendError } from "@detrkit/common";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type BuildSteps, ensureBuilt, isBuilt } from "./ensure-built.ts";
import type { NativeInstallation } from "./native-cache.ts";

let parent = "";
let installation: NativeInstallation;
let done: string[] = [];
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "detrkit-build-"));
  const addons = join(parent, "addon-1");
  installation = { tensorflow: join(parent, "tensorflow"), addon: join(addons, "addon.node"), quiet: join(addons, "quiet.node"), failure: join(parent, "addon-1.failed.json") };
  done = [];
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.useRealTimers();
  rmSync(parent, { recursive: true });
});

/** Steps that write a few bytes each. */
function steps(changes: Partial<BuildSteps> = {}): BuildSteps {
  return {
    prepare: () => Promise.resolve({ compiler: "g++", python: "python3" }),
    fetchTensorflow: async (_tools, folder) => {
      done.push("fetch");
      await sleep(10);
      writeFileSync(join(folder, "libtensorflow_cc.so.2"), "library");
      writeFileSync(join(folder, "header.h"), "header");
    },
    compile: async (_tools, { addon, quiet }) => {
      done.push("compile");
      await sleep(10);
      writeFileSync(addon, "addon");
      writeFileSync(quiet, "quiet");
    },
    check: () => Promise.resolve(undefined),
    ...changes,
  };
}

const silent = (): void => {};

test("an empty cache is filled once, however many ask at the same time", async () => {
  const said: string[] = [];
  await Promise.all(Array.from({ length: 5 }, () => ensureBuilt(installation, steps(), (line) => said.push(line))));
  expect(done).toEqual(["fetch", "compile"]);
  expect(said.filter((line) => line.includes("waiting for it")).length).toBe(4);
  expect(isBuilt(installation)).toBe(true);
  expect(readdirSync(parent).toSorted()).toEqual(["addon-1", "tensorflow"]);
});

test.each([
  ["an addon cut short", () => truncateSync(installation.addon, 1), ["compile"]],
  ["an addon that is gone", () => rmSync(installation.quiet), ["compile"]],
  ["a library cut short", () => truncateSync(join(installation.tensorflow, "libtensorflow_cc.so.2"), 1), ["fetch", "compile"]],
  ["an addon folder without its list", () => rmSync(join(dirname(installation.addon), "contents.json")), ["compile"]],
])("%s is made again", async (_what, damage, expected) => {
  await ensureBuilt(installation, steps(), silent);
  done = [];
  damage();
  await ensureBuilt(installation, steps(), silent);
  expect(done).toEqual(expected);
  expect(isBuilt(installation)).toBe(true);
});

test("an addon that does not run with a library fetched earlier: the library is fetched again", async () => {
  await ensureBuilt(installation, steps(), silent);
  done = [];
  const problems = ["undefined symbol", undefined];
  await ensureBuilt(installation, steps({ check: () => Promise.resolve(problems.shift()) }), silent, { replace: true });
  expect(done).toEqual(["compile", "fetch", "compile"]);
});

test("a failure is remembered for an hour, and DETRKIT_RETRY=1 tries again at once", async () => {
  const offline = steps({
    fetchTensorflow: () => {
      done.push("fetch");
      return Promise.reject(new BackendError("pip failed: no network"));
    },
  });
  await expect(ensureBuilt(installation, offline, silent)).rejects.toThrow(/^pip failed: no network$/);
  await expect(ensureBuilt(installation, offline, silent)).rejects.toThrow("pip failed: no network (tried 0 min ago; tried again after an hour, or now with DETRKIT_RETRY=1)");
  expect(done).toEqual(["fetch"]);
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 3601_000 });
  await expect(ensureBuilt(installation, offline, silent)).rejects.toThrow(/^pip failed: no network$/);
  vi.stubEnv("DETRKIT_RETRY", "1");
  await ensureBuilt(installation, steps(), silent);
  expect(readdirSync(parent).toSorted()).toEqual(["addon-1", "tensorflow"]);
});

test("a missing compiler is not remembered: it can be installed at any time", async () => {
  const bare = steps({ prepare: () => Promise.reject(new BackendError("no C++ compiler found")) });
  await expect(ensureBuilt(installation, bare, silent)).rejects.toThrow("no C++ compiler found");
  await ensureBuilt(installation, steps(), silent);
  expect(isBuilt(installation)).toBe(true);
});

test("an interruption stops the running step, leaves nothing behind and is no failure", async () => {
  const listener = vi.fn<() => void>();
  process.on("SIGTERM", listener);
  try {
    const slow = steps({
      compile: (_tools, _made, _progress, signal) => {
        process.kill(process.pid, "SIGTERM");
        return sleep(10_000, undefined, { signal });
      },
    });
    await expect(ensureBuilt(installation, slow, silent)).rejects.toThrow("building the native backend was interrupted");
    expect(listener).toHaveBeenCalledOnce();
    expect(readdirSync(parent)).toEqual(["tensorflow"]);
  } finally {
    process.off("SIGTERM", listener);
  }
});
