import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "@detrkit/test-utils";
import { expect, test } from "vitest";
import { ownIdentity } from "./process-identity.ts";
import { lockName } from "./run-files.ts";
import { RunLock } from "./run-lock.ts";

const folder = temporaryFolder();
let folders = 0;
const newRoot = (): string => join(folder, `run-${folders++}`);

/** A run folder with the lock of a process that is described. */
function lockedBy(holder: object, secondsAgo = 0): string {
  const root = newRoot();
  mkdirSync(root);
  const file = join(root, lockName);
  writeFileSync(file, JSON.stringify({ ...ownIdentity(), since: "2026-11-22T06:31:05.123Z", token: "x", ...holder }));
  const then = new Date(Date.now() - secondsAgo * 1000);
  utimesSync(file, then, then);
  return root;
}

test("of two that take a folder the second is told in one line who holds it, until it is given back", () => {
  const root = newRoot();
  const lock = RunLock.take(root);
  const line = new RegExp(
    `^${root} is being trained by process ${process.pid} on .+, since [-\\d]+ [:\\d]+ UTC: .*kill ${process.pid}\\)$`,
    "u",
  );
  expect(() => RunLock.take(root)).toThrow(line);
  lock.expectHeld();
  writeFileSync(join(root, "log.jsonl"), "");
  lock.release();
  RunLock.take(root).release();
  expect(existsSync(join(root, lockName))).toBe(false);
});

test("a folder that was made for the lock is not left behind empty, another one stays", () => {
  const root = newRoot();
  RunLock.take(root).release();
  expect(existsSync(root)).toBe(false);
  mkdirSync(root);
  RunLock.take(root).release();
  expect(existsSync(root)).toBe(true);
});

test("a killed process leaves no lock that counts", async () => {
  const root = newRoot();
  const script = `
    const [, url, root] = process.argv;
    const { RunLock } = await import(url);
    RunLock.take(root);
    setInterval(() => {}, 1000);
    console.log("taken");`;
  const url = new URL("./run-lock.ts", import.meta.url).href;
  const evaluated = ["--input-type=module", "--eval", script, url, root];
  const child = spawn(process.execPath, [...process.execArgv, ...evaluated], { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout, "data");
  expect(() => RunLock.take(root)).toThrow(`by process ${child.pid} on`);
  child.kill("SIGKILL");
  await once(child, "close");
  expect(existsSync(join(root, lockName))).toBe(true);
  RunLock.take(root).release();
});

test.each([
  ["another process of the same number", { started: "1" }],
  ["one from before the machine was started again", { boot: "another" }],
])("%s is not the holder", (_, holder) => {
  const root = lockedBy(holder);
  const lock = RunLock.take(root);
  expect(JSON.parse(readFileSync(join(root, lockName), "utf8"))).toMatchObject(ownIdentity());
  lock.release();
});

test.each([
  ["on another machine", { host: "elsewhere" }],
  ["in another container", { namespace: "pid:[1]" }],
])("a process %s holds a folder while it gives signs of life", (_, holder) => {
  expect(() => RunLock.take(lockedBy({ ...holder, pid: 77 }, 20))).toThrow(
    /by process 77 on .+, since 2026-11-22 06:31:05 UTC, which last gave a sign of life 2[01] s ago.*training\.lock$/u,
  );
  RunLock.take(lockedBy(holder, 301)).release();
});

test("half a lock counts only while it may be in writing", () => {
  const root = newRoot();
  mkdirSync(root);
  const file = join(root, lockName);
  writeFileSync(file, '{"pid":');
  expect(() => RunLock.take(root)).toThrow("is being trained by another process");
  utimesSync(file, 1, 1);
  RunLock.take(root).release();
});

test("a process whose folder was taken over changes nothing more, one whose lock was removed takes it again", () => {
  const root = newRoot();
  const lock = RunLock.take(root);
  const file = join(root, lockName);
  const text = readFileSync(file, "utf8");
  writeFileSync(file, JSON.stringify({ ...ownIdentity(), pid: 99, since: "2026-11-22T06:31:05.123Z", token: "y" }));
  expect(() => lock.expectHeld()).toThrow(/was taken over by process 99 .* changes nothing$/u);
  writeFileSync(file, "");
  expect(() => lock.expectHeld()).toThrow("taken over by another process");
  rmSync(file);
  lock.expectHeld();
  expect(readFileSync(file, "utf8")).toBe(text);
  lock.release();
  expect(existsSync(file)).toBe(false);
});
