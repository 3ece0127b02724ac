import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { CheckpointError } from "@detrkit/common";
import { temporaryFolder } from "@detrkit/test-utils";
import { expect, test } from "vitest";
import { readSafetensors } from "./safetensors-reader.ts";
import { writeSafetensors } from "./safetensors-writer.ts";
import { decodeSafetensors, encodeSafetensors, openSafetensorsBytes } from "./safetensors.ts";
import type { TensorData } from "./tensor-data.ts";

const folder = temporaryFolder();
const tensors = new Map<string, TensorData>([
  ["flags", { dtype: "bool", shape: [3], values: Uint8Array.of(1, 0, 1) }],
  ["weight", { dtype: "float32", shape: [2, 3], values: Float32Array.of(1, -2, 3.5, 0, NaN, 1e30) }],
  ["steps", { dtype: "int32", shape: [], values: Int32Array.of(-7) }],
]);
const metadata = { format: "pt" };

test("bytes in memory are those of the file, and are read as it is", async () => {
  const path = join(folder, "some.safetensors");
  await writeSafetensors(path, tensors, metadata);
  const bytes = encodeSafetensors(tensors, metadata);
  expect(new Uint8Array(bytes)).toEqual(new Uint8Array(await readFile(path)));
  const decoded = await decodeSafetensors(bytes, "some bytes");
  expect(decoded).toEqual(await readSafetensors(path));
  expect(decoded.tensors).toEqual(tensors);
});

test("bytes may begin anywhere in their buffer, where four-byte numbers are not aligned either", async () => {
  const file = new Uint8Array(encodeSafetensors(tensors));
  const larger = new Uint8Array(file.length + 10);
  larger.set(file, 3);
  const decoded = await decodeSafetensors(larger.subarray(3, 3 + file.length), "part");
  expect(decoded.tensors).toEqual(tensors);
});

test("one tensor is read when it is asked for, as a view of the bytes", async () => {
  const bytes = encodeSafetensors(tensors);
  const file = await openSafetensorsBytes(bytes, "some bytes");
  const weight = await file.read("weight");
  expect(weight.values.buffer).toBe(bytes);
  await expect(file.read("bias")).rejects.toThrow('some bytes: has no tensor "bias"');
});

test("what is damaged, cut off or something else is refused by name", async () => {
  const bytes = encodeSafetensors(tensors);
  const refused = (content: ArrayBuffer, message: string): Promise<void> =>
    expect(decodeSafetensors(content, "https://example.org/a")).rejects.toThrow(
      new CheckpointError(`https://example.org/a: ${message}`),
    );
  await refused(
    new ArrayBuffer(0),
    "expected a safetensors file, got one of 0 bytes; even an empty one has more than 8",
  );
  await refused(
    bytes.slice(0, -1),
    `is truncated: ${bytes.byteLength - 1} bytes of ${bytes.byteLength} are there. Fetch or copy it again`,
  );
  await refused("text" as unknown as ArrayBuffer, "expected an ArrayBuffer or a Uint8Array, got string");
});
