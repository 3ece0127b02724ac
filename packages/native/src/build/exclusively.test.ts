import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { exclusively } from "./exclusively.ts";

const unused = (): string => `/detrkit-test/${process.pid}/${Math.random()}`;

test("of several that come at once one works at a time, and those that wait are told so once", async () => {
  const name = unused();
  let inside = 0;
  let told = 0;
  const results = await Promise.all(
    [2, 3, 5, 7, 11].map((number) =>
      exclusively(
        name,
        () => (told += 1),
        async () => {
          inside += 1;
          expect(inside).toBe(1);
          await sleep(20);
          inside -= 1;
          return number;
        },
      ),
    ),
  );
  expect(results).toEqual([2, 3, 5, 7, 11]);
  expect(told).toBe(4);
});

test("work that fails lets go", async () => {
  const name = unused();
  await expect(
    exclusively(
      name,
      () => {},
      () => Promise.reject(new Error("broken")),
    ),
  ).rejects.toThrow("broken");
  expect(
    await exclusively(
      name,
      () => expect.fail("nobody has it"),
      () => Promise.resolve(3),
    ),
  ).toBe(3);
});

test("an owner that is killed loses it at once", async () => {
  const name = unused();
  const script = `
    const { exclusively } = await import(${JSON.stringify(new URL("./exclusively.ts", import.meta.url).href)});
    await exclusively(${JSON.stringify(name)}, () => {}, () => {
      console.log("mine");
      return new Promise(() => setInterval(() => {}, 1000));
    });`;
  const owner = spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", "--input-type=module", "-e", script],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  await once(owner.stdout, "data");
  let waited = false;
  const taken = exclusively(
    name,
    () => (waited = true),
    () => Promise.resolve(true),
  );
  await sleep(50);
  expect(waited).toBe(true);
  owner.kill("SIGKILL");
  expect(await taken).toBe(true);
});
