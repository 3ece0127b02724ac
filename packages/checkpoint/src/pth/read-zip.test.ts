import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CheckpointError } from "@detrkit/common";
import { zipOf } from "@detrkit/test-utils";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readPth } from "./pth-file.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "detrkit-zip-"));
});
afterAll(() => rm(folder, { recursive: true }));

const text = (value: string): string => `X${String.fromCharCode(value.length)}\0\0\0${value}`;
/** `{"weight": <three integers of 16 bits>}`. */
const pickle = Buffer.from(
  `\x80\x02}${text("weight")}ctorch._utils\n_rebuild_tensor_v2\n(` +
    `(${text("storage")}ctorch\nShortStorage\n${text("0")}${text("cpu")}K\x03tQK\x00K\x03\x85K\x01\x85\x89NtRs.`,
  "latin1",
);
const numbers = Buffer.from(Int16Array.of(2, -3, 5).buffer);
const whole = { "a/data.pkl": pickle, "a/byteorder": Buffer.from("little"), "a/data/0": numbers };

async function read(bytes: Uint8Array): Promise<Awaited<ReturnType<typeof readPth>>> {
  const path = join(folder, "some.pth");
  await writeFile(path, bytes);
  return readPth(path);
}

test("a zip of torch.save is read, whatever its folder is called", async () => {
  const expected = new Map([["weight", { dtype: "int32", shape: [3], values: Int32Array.of(2, -3, 5) }]]);
  expect((await read(zipOf(whole))).stateDict).toEqual(expected);
  // PyTorch 1.6 did not say which byte comes first.
  expect((await read(zipOf({ "archive/data.pkl": pickle, "archive/data/0": numbers }))).stateDict).toEqual(expected);
});

test.each<[string, Uint8Array, string]>([
  ["without its numbers", zipOf({ "a/data.pkl": pickle }), '"a/data/0" is not in it'],
  ["with too few numbers", zipOf({ ...whole, "a/data/0": numbers.subarray(1) }), 'storage "0" has 5 bytes of 6'],
  [
    "of a big-endian machine",
    zipOf({ ...whole, "a/byteorder": Buffer.from("big") }),
    "was written on a big-endian machine",
  ],
  ["of a TorchScript program", zipOf({ ...whole, "a/constants.pkl": pickle }), "is a TorchScript program"],
  ["of two checkpoints", zipOf({ ...whole, "b/data.pkl": pickle }), "several data.pkl (a/data.pkl, b/data.pkl)"],
  ["packed again with compression", zipOf(whole, "a/data/0"), '"a/data/0" is compressed or encrypted'],
])("a zip %s is refused", async (_, bytes, message) => {
  const error: unknown = await read(bytes).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(CheckpointError);
  expect((error as CheckpointError).message).toContain(message);
});
