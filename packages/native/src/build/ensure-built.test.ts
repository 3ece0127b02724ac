import { mkdtempSync, readdirSync, rmSync, statSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { BackendError } from "@detrkit/common";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { AddonCheck } from "./check-addon.ts";
import { type BuildSteps, ensureBuilt, isBuilt } from "./ensure-built.ts";
import { installedIn, missingBaselines, type NativeInstallation } from "./native-cache.ts";

let parent = "";
let installation: NativeInstallation;
let done: string[] = [];
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "detrkit-build-"));
  const paths = {
    tensorflow: join(parent, "tensorflow"),
    failure: join(parent, "addon-1.failed.json"),
    log: join(parent, "addon-1.log"),
  };
  installation = installedIn(join(parent, "addon-1"), paths, "x64");
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
    compile: async (_tools, { addon, loader, kernels }) => {
      done.push("compile");
      await sleep(10);
      for (const path of [addon, loader, ...kernels.values()]) writeFileSync(path, basename(path));
      return new Map();
    },
    check: () => Promise.resolve({ brokenKernels: new Map() }),
    ...changes,
  };
}

const silent = (): void => {};

/** What a build leaves beside its log. */
function made(): readonly string[] {
  return readdirSync(parent)
    .filter((name) => !name.endsWith(".log"))
    .toSorted();
}

test("an empty cache is filled once, however many ask at the same time", async () => {
  const said: string[] = [];
  await Promise.all(Array.from({ length: 5 }, () => ensureBuilt(installation, steps(), (line) => said.push(line))));
  expect(done).toEqual(["fetch", "compile"]);
  expect(said.filter((line) => line.includes("waiting for it")).length).toBe(4);
  expect(await isBuilt(installation)).toBe(true);
  expect(made()).toEqual(["addon-1", "tensorflow"]);
});

const library = (): string => join(installation.tensorflow, "libtensorflow_cc.so.2");

test.each([
  ["an addon cut short", () => truncateSync(installation.addon, 1), ["compile"]],
  ["a loader that is gone", () => rmSync(installation.loader), ["compile"]],
  ["a library cut short", () => truncateSync(library(), 1), ["fetch", "compile"]],
  ["a library of other bytes", () => writeFileSync(library(), "LIBRARY"), ["fetch", "compile"]],
  ["an addon folder without its list", () => rmSync(join(installation.folder, "contents.json")), ["compile"]],
])("%s is made again", async (_what, damage, expected) => {
  await ensureBuilt(installation, steps(), silent);
  done = [];
  damage();
  await ensureBuilt(installation, steps(), silent);
  expect(done).toEqual(expected);
  expect(await isBuilt(installation)).toBe(true);
});

test("a cache copied from elsewhere, with other times, is read once and used", async () => {
  await ensureBuilt(installation, steps(), silent);
  done = [];
  utimesSync(library(), new Date(0), new Date(0));
  const list = join(installation.tensorflow, "contents.json");
  const before = statSync(list).ino;
  expect(await isBuilt(installation)).toBe(true);
  const after = statSync(list).ino;
  expect(after).not.toBe(before);
  await ensureBuilt(installation, steps(), silent);
  expect({ done, list: statSync(list).ino }).toEqual({ done: [], list: after });
});

test("kernels that do not compile or run are told of and left out; DETRKIT_RETRY=1 makes them again", async () => {
  const said: string[] = [];
  const { compile } = steps();
  const partly = steps({
    compile: async (tools, into, progress, signal) => {
      await compile(tools, into, progress, signal);
      rmSync(into.kernels.get("x86-64-v4") ?? "");
      return new Map([["x86-64-v4", new BackendError("g++ failed (exit code 1): an error")]]);
    },
    check: () =>
      Promise.resolve({
        brokenKernels: new Map([
          ["x86-64-v4", "no such file"],
          ["x86-64-v3", "undefined symbol"],
        ]),
      }),
  });
  await ensureBuilt(installation, partly, (line) => said.push(line));
  expect(said).toEqual([
    `no kernels for x86-64-v4: g++ failed (exit code 1): an error; all of it: ${installation.log}`,
    "the kernels for x86-64-v3 were built but do not run: undefined symbol",
    "native backend ready",
  ]);
  expect(missingBaselines(installation)).toEqual(["x86-64-v4", "x86-64-v3"]);
  await ensureBuilt(installation, steps(), silent);
  expect(missingBaselines(installation).length).toBe(2);
  vi.stubEnv("DETRKIT_RETRY", "1");
  await ensureBuilt(installation, steps(), silent);
  expect(missingBaselines(installation)).toEqual([]);
});

test("an addon that does not run with a library fetched earlier: the library is fetched again", async () => {
  await ensureBuilt(installation, steps(), silent);
  done = [];
  const checks = [{ problem: "undefined symbol" }, {}];
  const check = (): Promise<AddonCheck> => Promise.resolve({ brokenKernels: new Map(), ...checks.shift() });
  await ensureBuilt(installation, steps({ check }), silent, { replace: true });
  expect(done).toEqual(["compile", "fetch", "compile"]);
});

test("a failure is remembered for an hour, and DETRKIT_RETRY=1 tries again at once", async () => {
  const offline = steps({
    fetchTensorflow: () => {
      done.push("fetch");
      return Promise.reject(new BackendError("pip failed: no network"));
    },
  });
  const reason = `pip failed: no network; all of it: ${installation.log}`;
  await expect(ensureBuilt(installation, offline, silent)).rejects.toThrow(new BackendError(reason));
  const later = `${reason} (tried 0 min ago; tried again after an hour, or now with DETRKIT_RETRY=1)`;
  await expect(ensureBuilt(installation, offline, silent)).rejects.toThrow(new BackendError(later));
  expect(done).toEqual(["fetch"]);
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 3601_000 });
  await expect(ensureBuilt(installation, offline, silent)).rejects.toThrow(new BackendError(reason));
  vi.stubEnv("DETRKIT_RETRY", "1");
  await ensureBuilt(installation, steps(), silent);
  expect(made()).toEqual(["addon-1", "tensorflow"]);
});

test("a missing compiler is not remembered: it can be installed at any time", async () => {
  const bare = steps({ prepare: () => Promise.reject(new BackendError("no C++ compiler found")) });
  await expect(ensureBuilt(installation, bare, silent)).rejects.toThrow("no C++ compiler found");
  await ensureBuilt(installation, steps(), silent);
  expect(await isBuilt(installation)).toBe(true);
});

test("an interruption stops the running step, leaves nothing behind and is no failure", async () => {
  const listener = vi.fn<() => void>();
  process.on("SIGTERM", listener);
  try {
    const slow = steps({
      compile: async (_tools, _made, _progress, signal) => {
        process.kill(process.pid, "SIGTERM");
        await sleep(10_000, undefined, { signal });
        return new Map();
      },
    });
    await expect(ensureBuilt(installation, slow, silent)).rejects.toThrow(
      "building the native backend was interrupted",
    );
    expect(listener).toHaveBeenCalledOnce();
    expect(made()).toEqual(["tensorflow"]);
  } finally {
    process.off("SIGTERM", listener);
  }
});
