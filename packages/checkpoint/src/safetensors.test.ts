import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CheckpointError } from "@detrkit/common";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openSafetensors, readSafetensors } from "./safetensors-reader.ts";
import { writeSafetensors } from "./safetensors-writer.ts";
import type { TensorData } from "./tensor-data.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "detrkit-safetensors-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** A file with this header (text or JSON) and these bytes after it. */
async function fileWith(header: unknown, data: Uint8Array = new Uint8Array(), headerLength?: bigint): Promise<string> {
  const text = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const prefix = new Uint8Array(8);
  new DataView(prefix.buffer).setBigUint64(0, headerLength ?? BigInt(text.byteLength), true);
  const path = join(folder, `${crypto.randomUUID()}.safetensors`);
  await writeFile(path, Buffer.concat([prefix, text, data]));
  return path;
}

async function refusal(path: string): Promise<string> {
  const error: unknown = await readSafetensors(path).then(
    () => "was read",
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(CheckpointError);
  const { message } = error as CheckpointError;
  expect(message).toContain(path);
  return message;
}

const one = { dtype: "F32", shape: [1], data_offsets: [0, 4] };

test("what is written is read back: dtypes, shapes, names, metadata", async () => {
  const path = join(folder, "round-trip.safetensors");
  const tensors = new Map<string, TensorData>([
    ["flags", { dtype: "bool", shape: [3], values: Uint8Array.of(1, 0, 1) }],
    [
      "größe ✓.weight",
      { dtype: "float32", shape: [2, 3], values: Float32Array.of(1.5, -0, Infinity, NaN, 1e-45, 3.4e38) },
    ],
    ["__proto__", { dtype: "int32", shape: [], values: Int32Array.of(-2147483648) }],
    ["bytes", { dtype: "uint8", shape: [2, 1], values: Uint8Array.of(0, 255) }],
    ["none", { dtype: "float32", shape: [0, 7], values: new Float32Array() }],
  ]);
  await writeSafetensors(path, tensors, { note: "größer" });
  const back = await readSafetensors(path);
  expect(back.metadata).toEqual({ note: "größer" });
  expect(new Map([...back.tensors].toSorted())).toEqual(new Map([...tensors].toSorted()));
});

test("values that are a part of a larger buffer are written as that part", async () => {
  const path = join(folder, "view.safetensors");
  await writeSafetensors(
    path,
    new Map([["x", { dtype: "float32", shape: [2], values: Float32Array.of(2, 3, 5, 7).subarray(1, 3) }]]),
  );
  expect((await readSafetensors(path)).tensors.get("x")?.values).toEqual(Float32Array.of(3, 5));
});

test("the bytes are the format's: length, padded header, data in order", async () => {
  const path = join(folder, "bytes.safetensors");
  await writeSafetensors(path, new Map([["x", { dtype: "int32", shape: [1], values: Int32Array.of(258) }]]));
  const bytes = await readFile(path);
  const header = '{"x":{"dtype":"I32","shape":[1],"data_offsets":[0,4]}}  ';
  expect(bytes.subarray(0, 8)).toEqual(Buffer.of(header.length, 0, 0, 0, 0, 0, 0, 0));
  expect(bytes.subarray(8, 8 + header.length).toString()).toBe(header);
  expect(bytes.subarray(8 + header.length)).toEqual(Buffer.of(2, 1, 0, 0));
});

test("half precision becomes float32, and 64-bit integers become 32-bit ones", async () => {
  // 1.5, -2, the smallest subnormal 2^-24, infinity | 1.5, -2, 3.140625 as bfloat16 | -7, 2147483647
  const halves = Uint16Array.of(0x3e00, 0xc000, 0x0001, 0x7c00);
  const brains = Uint16Array.of(0x3fc0, 0xc000, 0x4049);
  const longs = BigInt64Array.of(-7n, 2147483647n);
  const data = Buffer.concat([halves, brains, longs].map(({ buffer }) => Buffer.from(buffer)));
  const path = await fileWith(
    {
      h: { dtype: "F16", shape: [4], data_offsets: [0, 8] },
      b: { dtype: "BF16", shape: [3], data_offsets: [8, 14] },
      l: { dtype: "I64", shape: [2], data_offsets: [14, 30] },
    },
    data,
  );
  const { tensors } = await readSafetensors(path);
  expect(tensors.get("h")).toEqual({
    dtype: "float32",
    shape: [4],
    values: Float32Array.of(1.5, -2, 2 ** -24, Infinity),
  });
  expect(tensors.get("b")).toEqual({ dtype: "float32", shape: [3], values: Float32Array.of(1.5, -2, 3.140625) });
  expect(tensors.get("l")).toEqual({ dtype: "int32", shape: [2], values: Int32Array.of(-7, 2147483647) });
});

test("a 64-bit integer beyond 32 bits is refused, not cut", async () => {
  const path = await fileWith(
    { l: { dtype: "I64", shape: [1], data_offsets: [0, 8] } },
    new Uint8Array(BigInt64Array.of(2147483648n).buffer),
  );
  expect(await refusal(path)).toContain('tensor "l" holds 2147483648, which does not fit');
});

test("a dtype detrkit does not read is refused only when it is asked for", async () => {
  const path = await fileWith({ x: one, d: { dtype: "F64", shape: [1], data_offsets: [4, 12] } }, new Uint8Array(12));
  const file = await openSafetensors(path);
  expect((await file.read("x")).values).toEqual(Float32Array.of(0));
  await expect(file.read("d")).rejects.toThrow('tensor "d" has dtype F64; detrkit reads F32');
  await expect(file.read("e")).rejects.toThrow('has no tensor "e"');
  await file.close();
});

test.each([
  ["an empty file", "", undefined, "truncated or not a safetensors file"],
  ["an absurd header length", "{}", 2n ** 63n, "a header of 9223372036854775808 bytes"],
  ["a header length beyond the file", "{}", 3n, "its header should be 3 bytes long, 2 are there"],
  ["a header that is not JSON", "{x}", undefined, "its header is not JSON"],
  ["a header that is a list", "[]", undefined, "its header is not a JSON object"],
  ["metadata that is not strings", { __metadata__: { a: 1 } }, undefined, "__metadata__ must map names to strings"],
  ["an unknown dtype", { x: { ...one, dtype: "F31" } }, undefined, 'tensor "x" has dtype "F31"'],
  ["a dtype named like a built-in", { x: { ...one, dtype: "toString" } }, undefined, 'tensor "x" has dtype "toString"'],
  ["a negative size", { x: { ...one, shape: [-1] } }, undefined, 'tensor "x" has shape [-1]'],
  ["a fractional size", { x: { ...one, shape: [0.5] } }, undefined, 'tensor "x" has shape [0.5]'],
  ["missing offsets", { x: { dtype: "F32", shape: [1] } }, undefined, "data_offsets undefined"],
  ["three offsets", { x: { ...one, data_offsets: [0, 4, 8] } }, undefined, "data_offsets [0,4,8]"],
  [
    "offsets that disagree with the shape",
    { x: { ...one, data_offsets: [0, 8] } },
    undefined,
    "needs 4 bytes, its data_offsets [0, 8] give 8",
  ],
  ["offsets the wrong way round", { x: { ...one, data_offsets: [4, 0] } }, undefined, "needs 4 bytes"],
  [
    "tensors that overlap",
    { x: one, y: { dtype: "F32", shape: [1], data_offsets: [2, 6] } },
    undefined,
    'tensor "y" overlaps the one before it',
  ],
  [
    "a gap between tensors",
    { x: one, y: { dtype: "F32", shape: [1], data_offsets: [8, 12] } },
    undefined,
    'tensor "y" leaves a gap before it',
  ],
  [
    "an offset beyond 2^53",
    { x: { ...one, data_offsets: [2 ** 60, 2 ** 60 + 4] } },
    undefined,
    "data_offsets [1152921504606847000,1152921504606847000]",
  ],
  [
    "a key that stands twice",
    `{"x":${JSON.stringify(one)},"y":{"dtype":"F32","shape":[1],"data_offsets":[4,8]},"x":${JSON.stringify(one)}}`,
    undefined,
    'has the key "x" twice',
  ],
  [
    "a key that stands twice, once with an escape",
    `{"x" :${JSON.stringify(one)}, "\\u0078":${JSON.stringify(one)}}`,
    undefined,
    'has the key "x" twice',
  ],
  [
    "two shapes",
    '{"x":{"dtype":"F32","shape":[1],"shape":[2],"data_offsets":[0,4]}}',
    undefined,
    'has the key "shape" twice',
  ],
  [
    "lists within lists",
    `{"x":{"dtype":${"[".repeat(100_000)}${"]".repeat(100_000)}}}`,
    undefined,
    "has lists or objects nested more deeply",
  ],
  ["a string without an end", `{"x":${'"\\"'.repeat(100_000)}`, undefined, "its header is not JSON"],
  ["missing data", { x: { dtype: "F32", shape: [3], data_offsets: [0, 12] } }, undefined, "is truncated: "],
  ["bytes that belong to no tensor", {}, undefined, "has 8 bytes after its last tensor"],
] as const)("%s is refused by name", async (_, header, headerLength, reason) => {
  const data = typeof header === "string" ? new Uint8Array() : new Uint8Array(8);
  expect(await refusal(await fileWith(header, data, headerLength ?? (header === "" ? 5n : undefined)))).toContain(
    reason,
  );
});

test("a file of a few bytes, and one that is not there, are refused", async () => {
  const path = join(folder, "short");
  await writeFile(path, "abc");
  expect(await refusal(path)).toContain("got one of 3 bytes");
  expect(await refusal(join(folder, "nowhere"))).toContain("can't be opened");
});

test("a cut-off file is refused wherever it is cut", async () => {
  const whole = join(folder, "whole.safetensors");
  await writeSafetensors(whole, new Map([["x", { dtype: "float32", shape: [3], values: Float32Array.of(2, 3, 5) }]]));
  const bytes = await readFile(whole);
  for (let length = 0; length < bytes.length; length++) {
    const path = join(folder, "cut.safetensors");
    await writeFile(path, bytes.subarray(0, length));
    expect(await refusal(path)).toMatch(/truncated|expected a safetensors file/);
  }
});

test("a tensor whose values do not fill its shape is not written", async () => {
  const path = join(folder, "wrong.safetensors");
  await expect(
    writeSafetensors(path, new Map([["x", { dtype: "float32", shape: [3], values: new Float32Array(2) }]])),
  ).rejects.toThrow('tensor "x" of shape [3] expected 3 values, got 2');
  await expect(
    writeSafetensors(path, new Map([["__metadata__", { dtype: "float32", shape: [0], values: new Float32Array() }]])),
  ).rejects.toThrow("__metadata__");
});
