import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BackendError } from "@detrkit/common";
import { zipOf } from "@detrkit/test-utils";
import { afterEach, beforeEach, expect, test } from "vitest";
import { unpackWheel } from "./unpack-wheel.ts";

let parent = "";
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "detrkit-wheel-"));
});
afterEach(() => rmSync(parent, { recursive: true }));

const library = "tensorflow/libtensorflow_cc.so.2";
const header = "tensorflow/include/tensorflow/c/c_api.h";
const content = {
  [library]: Buffer.from("library ".repeat(31)),
  [header]: Buffer.from("header"),
  "tensorflow/python/tools.py": Buffer.from("python"),
};

async function unpack(bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
  const wheel = join(parent, "some.whl");
  writeFileSync(wheel, bytes);
  await unpackWheel(wheel, join(parent, "into"), signal);
}

/** A zip64 file, as wheels of more than 4 GB are: before its end, where its directory's end is said to be. */
function zip64Of(bytes: Buffer, endOfDirectory: bigint): Buffer {
  const locator = Buffer.alloc(20);
  locator.write("PK\x06\x07");
  locator.writeBigUInt64LE(endOfDirectory, 8);
  locator.writeUInt32LE(1, 16);
  return Buffer.concat([bytes.subarray(0, -22), locator, bytes.subarray(-22)]);
}

/** The entry that says it is stored at byte 2^32 - 1 of the file, or elsewhere. */
function pointing(bytes: Buffer, to: number): Buffer {
  const damaged = Buffer.from(bytes);
  damaged.writeUInt32LE(to, damaged.indexOf("PK\x01\x02") + 42);
  return damaged;
}

test.each([library, header] as const)(
  "libraries and headers are unpacked, and nothing else; %s deflated",
  async (compressed) => {
    await unpack(zipOf(content, compressed));
    for (const name of [library, header] as const)
      expect(readFileSync(join(parent, "into", name))).toEqual(content[name]);
    expect(existsSync(join(parent, "into", "tensorflow/python"))).toBe(false);
  },
);

async function expectRejection(work: Promise<void>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return error;
  }
  return expect.fail("nothing was thrown");
}

test.each([
  ["cut short", () => zipOf(content).subarray(0, -1), "End of central directory record signature not found"],
  ["empty", () => Buffer.alloc(0), "End of central directory record signature not found"],
  [
    "with a directory outside of the file",
    () => zip64Of(zipOf(content), 9_000n),
    "it points to byte 9000, outside of the file",
  ],
  [
    "with a directory outside of any file",
    () => zip64Of(zipOf(content), 2n ** 60n),
    "it points to byte 1152921504606847000, outside of the file",
  ],
  [
    "with an entry outside of the file",
    () => pointing(zipOf(content), 0xffffffff),
    "it points to byte 4294967295, outside of the file",
  ],
  ["with an entry that is none", () => pointing(zipOf(content), 7), "invalid local file header signature"],
  [
    "with other bytes than were packed",
    () => Buffer.from(zipOf(content, library)).fill(0xff, 30 + library.length, 34 + library.length),
    "invalid block type",
  ],
])("a wheel %s is refused in one line", async (_case, bytes, reason) => {
  const error: unknown = await expectRejection(unpack(bytes()));
  expect(BackendError.isInstance(error) && error.message).toContain(`some.whl could not be unpacked (`);
  expect((error as Error).message).toContain(reason);
  expect((error as Error).message).not.toContain("\n");
});

test("a wheel without TensorFlow's library says so", async () => {
  await expect(unpack(zipOf({ "numpy/core.py": Buffer.from("python") }))).rejects.toThrow(
    "holds none of TensorFlow's libraries: expected tensorflow/libtensorflow_cc.so.2",
  );
});

test("an aborted one ends with the reason of that", async () => {
  await expect(unpack(zipOf(content), AbortSignal.abort())).rejects.toMatchObject({ name: "AbortError" });
});
