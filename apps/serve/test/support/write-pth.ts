import { writeFile } from "node:fs/promises";
import type { TensorData } from "@detrkit/checkpoint";
import { zipOf } from "@detrkit/test-utils";

const int32 = (value: number): string => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes.toString("latin1");
};
const text = (value: string): string => `X${int32(value.length)}${value}`;
const tuple = (values: readonly number[]): string => `(${values.map((value) => `J${int32(value)}`).join("")}t`;

/** Row-major strides of a shape. */
const strides = (shape: readonly number[]): number[] =>
  shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));

/** Writes what `torch.save({"model": state_dict})` writes. All tensors are of 32-bit floats. */
export async function writePth(path: string, tensors: ReadonlyMap<string, TensorData>): Promise<void> {
  const storages: Record<string, Uint8Array> = {};
  const items = [...tensors].map(([name, { shape, values }], index) => {
    const numbers = Float32Array.from(values as Float32Array);
    storages[`archive/data/${index}`] = new Uint8Array(numbers.buffer);
    const place = `${text(`${index}`)}${text("cpu")}J${int32(numbers.length)}`;
    const storage = `(${text("storage")}ctorch\nFloatStorage\n${place}tQ`;
    const state = `${storage}K\x00${tuple(shape)}${tuple(strides(shape))}\x89N`;
    return `${text(name)}ctorch._utils\n_rebuild_tensor_v2\n(${state}tRs`;
  });
  const pickle = Buffer.from(`\x80\x02}${text("model")}}${items.join("")}s.`, "latin1");
  await writeFile(path, zipOf({ "archive/data.pkl": pickle, ...storages }));
}
