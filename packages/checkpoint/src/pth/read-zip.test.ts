import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32, deflateRawSync } from "node:zlib";
import { CheckpointError } from "@detrkit/common";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readPth } from "./pth-file.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "detrkit-zip-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** A zip file of these entries, stored unless named. */
function zipOf(entries: Readonly<Record<string, Uint8Array>>, compressed?: string): Uint8Array {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let start = 0;
  for (const [name, content] of Object.entries(entries)) {
    const data = name === compressed ? deflateRawSync(content) : content;
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(name === compressed ? 8 : 0, 4);
    fields.writeUInt32LE(crc32(content), 10);
    fields.writeUInt32LE(data.length, 14);
    fields.writeUInt32LE(content.length, 18);
    fields.writeUInt16LE(name.length, 22);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(start, 10);
    locals.push(Buffer.concat([Buffer.from("PK\x03\x04"), fields, Buffer.from(name), data]));
    central.push(Buffer.concat([Buffer.from("PK\x01\x02\x14\x00"), fields, rest, Buffer.from(name)]));
    start += 30 + name.length + data.length;
  }
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06");
  end.writeUInt16LE(central.length, 8);
  end.writeUInt16LE(central.length, 10);
  end.writeUInt32LE(Buffer.concat(central).length, 12);
  end.writeUInt32LE(start, 16);
  return Buffer.concat([...locals, ...central, end]);
}

const text = (value: string): string => `X${String.fromCharCode(value.length)}\0\0\0${value}`;
/** `{"weight": <three integers of 16 bits>}`. */
const pickle = Buffer.from(
  `\x80\x02}${text("weight")}ctorch._utils\n_rebuild_tensor_v2\n((${text("storage")}ctorch\nShortStorage\n${text("0")}${text("cpu")}K\x03tQK\x00K\x03\x85K\x01\x85\x89NtRs.`,
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
  ["of a big-endian machine", zipOf({ ...whole, "a/byteorder": Buffer.from("big") }), "was written on a big-endian machine"],
  ["of a TorchScript program", zipOf({ ...whole, "a/constants.pkl": pickle }), "is a TorchScript program"],
  ["of two checkpoints", zipOf({ ...whole, "b/data.pkl": pickle }), "several data.pkl (a/data.pkl, b/data.pkl)"],
  ["packed again with compression", zipOf(whole, "a/data/0"), '"a/data/0" is compressed or encrypted'],
])("a zip %s is refused", async (_, bytes, message) => {
  const error: unknown = await read(bytes).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(CheckpointError);
  expect((error as CheckpointError).message).toContain(message);
});
