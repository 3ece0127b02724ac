import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CheckpointError } from "@detrkit/common";
import { zipOf } from "@detrkit/test-utils";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readPth } from "./pth-file.ts";

// Small files that ask for much. Before there was a budget each of them took gigabytes, minutes, or the whole process.
let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "detrkit-budget-"));
});
afterAll(() => rm(folder, { recursive: true }));

const uint32 = (value: number): string => Buffer.from(Uint32Array.of(value).buffer).toString("latin1");
const text = (value: string): string => `X${uint32(value.length)}${value}`;
const integer = (value: number): string => `J${uint32(value)}`;
const storage = (length: number, key = "0"): string =>
  `(${text("storage")}ctorch\nFloatStorage\n${text(key)}${text("cpu")}${integer(length)}tQ`;
const tensor = (memory: string, shape: readonly number[], strides: readonly number[]): string =>
  `ctorch._utils\n_rebuild_tensor_v2\n(${memory}K\0` +
  `(${shape.map(integer).join("")}t(${strides.map(integer).join("")}t\x89NtR`;
const pickle = (...parts: readonly string[]): Buffer => Buffer.from(`\x80\x02${parts.join("")}.`, "latin1");
const numbered = (count: number, entry: (name: string) => string): string =>
  Array.from({ length: count }, (_, index) => entry(text(`w${index}`))).join("");
const zip = (content: Uint8Array, numbers = new Uint8Array(4)): Buffer =>
  zipOf({ "a/data.pkl": content, "a/data/0": numbers });

/** Zip entries of one place: each of `count` storages is the same bytes. */
function overlapping(count: number, numbers: Uint8Array): Buffer {
  const entries = numbered(
    count,
    (name) => `${name}${tensor(storage(numbers.length / 4, name.slice(5)), [numbers.length / 4], [1])}`,
  );
  const names = Array.from({ length: count }, (_, index) => `a/data/w${String(index)}`);
  const bytes = zipOf({
    "a/data.pkl": pickle(`}(${entries}u`),
    ...Object.fromEntries(names.map((name) => [name, name === names[0] ? numbers : new Uint8Array()])),
  });
  const first = bytes.indexOf("PK\x01\x02") + 46 + "a/data.pkl".length;
  const [size, offset] = [20, 42].map((field) => bytes.readUInt32LE(first + field)) as [number, number];
  for (let at = first; at >= 0; at = bytes.indexOf("PK\x01\x02", at + 1)) {
    bytes.writeUInt32LE(size, at + 20);
    bytes.writeUInt32LE(size, at + 24);
    bytes.writeUInt32LE(offset, at + 42);
  }
  return bytes;
}

const attacks: readonly [name: string, file: () => Uint8Array, message: string][] = [
  [
    "400 tensors of stride 0, each of 64 MiB",
    () =>
      zip(
        pickle(
          "}(",
          numbered(400, (name) => `${name}${tensor(storage(1), [4096, 4095], [0, 0])}`),
          "u",
        ),
      ),
    "of tensors",
  ],
  [
    "a tensor repeated by the memo under 5,000 names",
    () =>
      zip(
        pickle(
          "}",
          tensor(storage(1 << 20), [1 << 20], [1]),
          "q\x010(",
          numbered(5000, (name) => `${name}h\x01`),
          "u",
        ),
        new Uint8Array(1 << 22),
      ),
    "of tensors",
  ],
  ["entries of the zip that overlap", () => overlapping(1000, new Uint8Array(1 << 22)), "of tensors"],
  [
    "OrderedDict of the memo, 4,000 times",
    () =>
      zip(
        pickle(
          "ccollections\nOrderedDict\nq\0(",
          `(${Array.from({ length: 20_000 }, (_, index) => `${integer(index)}N\x86`).join("")}tq\x01`,
          "h\0h\x01\x85R".repeat(4000),
          "t",
        ),
      ),
    "of values",
  ],
  [
    "list of the memo, 10,000 times",
    () => zip(pickle("cbuiltins\nlist\nq\0(", "N".repeat(100_000), "tq\x01(", "h\0h\x01\x85R".repeat(10_000), "t")),
    "of values",
  ],
  [
    "set of the memo, 10,000 times",
    () =>
      zip(
        pickle(
          "cbuiltins\nset\nq\0(",
          Array.from({ length: 20_000 }, (_, index) => integer(index)).join(""),
          "tq\x01(",
          "h\0h\x01\x85R".repeat(10_000),
          "t",
        ),
      ),
    "of values",
  ],
  [
    "_codecs.encode of a megabyte, 4,000 times",
    () =>
      zip(
        pickle(
          "c_codecs\nencode\nq\0",
          text("x".repeat(1 << 20)),
          "q\x01",
          text("latin1"),
          "q\x02(",
          "h\0h\x01h\x02\x86R".repeat(4000),
          "t",
        ),
      ),
    "of values",
  ],
  ["empty dictionaries, one a byte", () => zip(pickle("(", "}".repeat(1 << 19), "t")), "of values"],
  [
    "a tensor of 100,000 axes",
    () =>
      zip(
        pickle(
          "}",
          text("w"),
          tensor(
            storage(1),
            [1 << 12, 1 << 11, ...Array<number>(100_000).fill(1)],
            [0, 0, ...Array<number>(100_000).fill(0)],
          ),
          "s",
        ),
      ),
    "axes",
  ],
];

test.each(attacks)("%s: refused", async (_, file, message) => {
  const path = join(folder, "some.pth");
  const bytes = file();
  await writeFile(path, bytes);
  const before = process.resourceUsage().maxRSS;
  const error: unknown = await readPth(path).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(CheckpointError);
  expect((error as CheckpointError).message).toContain(message);
  // Of the process, in KiB, beyond the most that it ever held.
  expect(process.resourceUsage().maxRSS - before).toBeLessThan(1 << 20);
});
