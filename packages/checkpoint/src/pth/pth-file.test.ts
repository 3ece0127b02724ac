import { mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CheckpointError } from "@detrkit/common";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readStateDict } from "../read-state-dict.ts";
import { writeSafetensors } from "../safetensors-writer.ts";
import type { PickleRecord } from "./pickle-value.ts";
import { openPth, readPth } from "./pth-file.ts";
import { PthTensor } from "./pth-tensor.ts";

// Files of torch.save, recorded; the parity tool compares every value in them. Here: how they are read, and what is
// refused.
const fixtures = fileURLToPath(new URL("../../../../fixtures/checkpoint/", import.meta.url));
const formats = ["odd-zip.pth", "odd-legacy.pth", "odd-legacy-protocol4.pth"] as const;

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "detrkit-pth-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function fileOf(bytes: Uint8Array): Promise<string> {
  const path = join(folder, "some.pth");
  await writeFile(path, bytes);
  return path;
}

/** Opens, and reads every tensor found in a dictionary at the top or below it. */
async function readWhole(path: string): Promise<number> {
  const file = await openPth(path);
  try {
    const { content } = file;
    const dictionaries = content instanceof Map ? [content, ...content.values()] : [new Map([["it", content]])];
    let count = 0;
    for (const dictionary of dictionaries) {
      for (const value of dictionary instanceof Map ? dictionary.values() : []) {
        if (!(value instanceof PthTensor)) continue;
        await file.readValues(value);
        count += 1;
      }
    }
    return count;
  } finally {
    await file.close();
  }
}

async function refusal(path: string): Promise<string> {
  const error: unknown = await readWhole(path).then(
    () => "was read",
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(CheckpointError);
  return (error as CheckpointError).message;
}

test.each(formats)("views of one storage in %s are read as what they show", async (name) => {
  const file = await openPth(join(fixtures, name));
  const tensors = (file.content as Map<string, Map<string, PthTensor>>).get("tensors");
  const read = async (key: string): Promise<unknown> => file.readValues(tensors?.get(key) as PthTensor);
  // All of them view 0 … 23.
  expect(await read("shared_b")).toEqual(Float32Array.from({ length: 12 }, (_, index) => 10 + index));
  expect(await read("strided")).toEqual(Float32Array.of(1, 4, 7, 10, 13, 16, 19, 22));
  expect(((await read("transposed")) as Float32Array).slice(0, 5)).toEqual(Float32Array.of(0, 6, 12, 18, 1));
  expect(await read("expanded")).toEqual(Float32Array.of(1, 1, 1, 2, 2, 2));
  expect(await read("i64")).toEqual(BigInt64Array.of(1n, -2n, 9007199254740991n, -9007199254740991n));
  expect(await read("empty")).toHaveLength(0);
  expect(tensors?.get("parameter")?.isParameter).toBe(true);
  await file.close();
});

test.each(formats)("what is no tensor in %s is plain data", async (name) => {
  const file = await openPth(join(fixtures, name));
  const content = file.content as Map<string, PickleRecord>;
  expect(content.get("namespace")).toMatchObject({
    className: "argparse.Namespace",
    state: new Map<string, unknown>([
      ["lr", 1e-4],
      ["name", "x"],
      ["masks", false],
      ["opt", null],
      ["betas", [0.9, 0.999]],
    ]),
  });
  expect(content.get("bytes")).toEqual(Uint8Array.of(0, 1, 255));
  await file.close();
});

test("tensors come in the types that detrkit works with, or are refused where a number would be lost", async () => {
  const { content, stateDict } = await readPth(join(fixtures, "odd-zip.pth"), { key: "tensors" }).catch(
    (error: unknown) => ({ content: undefined, stateDict: error }),
  );
  expect([content, stateDict]).toEqual([
    undefined,
    expect.objectContaining({
      message: expect.stringContaining('tensor "f64" holds 1e+300, which does not fit the 32-bit floats'),
    }),
  ]);
  const file = await openPth(join(fixtures, "odd-zip.pth"));
  const tensors = (file.content as Map<string, Map<string, PthTensor>>).get("tensors");
  const read = async (key: string): Promise<unknown> => file.read(tensors?.get(key) as PthTensor, key);
  expect(await read("i16")).toEqual({ dtype: "int32", shape: [3], values: Int32Array.of(1, -2, 32767) });
  expect(await read("i8")).toEqual({ dtype: "int32", shape: [3], values: Int32Array.of(1, -2, 127) });
  expect(await read("bool")).toEqual({ dtype: "bool", shape: [3], values: Uint8Array.of(1, 0, 1) });
  expect(await read("f16")).toEqual({
    dtype: "float32",
    shape: [4],
    values: Float32Array.of(1.5, -2.25, 65504, 2 ** -24),
  });
  await expect(read("i64")).rejects.toThrow('tensor "i64" holds 9007199254740991, which does not fit');
  await file.close();
});

// The smaller file of each format is cut after every byte, the larger ones (like it) after every 29th.
test.each([
  ["bare-tensor-zip.pth", 1],
  ["odd-legacy-protocol4.pth", 1],
  ["odd-zip.pth", 29],
  ["odd-legacy.pth", 29],
] as const)(
  "%s cut off after any byte is refused",
  async (name, step) => {
    const bytes = await readFile(join(fixtures, name));
    const path = join(folder, `cut-${name}`);
    await writeFile(path, bytes);
    expect(await readWhole(path)).toBeGreaterThan(0);
    const notRefused: unknown[] = [];
    for (let length = bytes.length - 1; length >= 0; length -= step) {
      await truncate(path, length);
      const error: unknown = await openPth(path).then(
        (file) => file.close(),
        (reason: unknown) => reason,
      );
      if (!(error instanceof CheckpointError)) notRefused.push([length, error]);
    }
    expect(notRefused).toEqual([]);
  },
  60_000,
);

test.each([
  ["bare-tensor-zip.pth", 1],
  ["odd-legacy.pth", 5],
] as const)(
  "whatever byte of %s is wrong, it is read or refused, and nothing else happens",
  async (name, step) => {
    const bytes = await readFile(join(fixtures, name));
    const path = join(folder, `wrong-${name}`);
    const surprises: unknown[] = [];
    for (let at = 0; at < bytes.length; at += step) {
      await writeFile(
        path,
        bytes.map((byte, index) => (index === at ? byte ^ 0xff : byte)),
      );
      await readWhole(path).catch((error: unknown) => {
        if (!(error instanceof CheckpointError)) surprises.push([at, error]);
      });
    }
    expect(surprises).toEqual([]);
  },
  60_000,
);

test("a file that asks for os.system is refused by name", async () => {
  expect(await refusal(join(fixtures, "refuse-os-system.pth"))).toContain('asks for "posix.system"');
});

test("errors say what a file is instead, and what to do", async () => {
  const safetensors = join(folder, "weights.safetensors");
  await writeSafetensors(safetensors, new Map([["x", { dtype: "float32", shape: [1], values: Float32Array.of(2) }]]));
  expect(await refusal(safetensors)).toContain("is opened with openSafetensors");
  expect(await refusal(join(folder, "none.pth"))).toContain("none.pth: can't be opened");
  expect(await refusal(await fileOf(Uint8Array.of(0x80, 2, 0x4b, 5, 0x2e)))).toContain(
    "is a pickle, but not one of torch.save",
  );
  const empty = Uint8Array.of(0x50, 0x4b, 5, 6, ...Array<number>(18).fill(0));
  expect(await refusal(await fileOf(empty))).toContain("there is no data.pkl in it");
});

test("a model is found where training programs put it, and asked for elsewhere", async () => {
  await expect(readPth(join(fixtures, "odd-zip.pth"))).rejects.toThrow(
    /no state dict at its top, nor under model, state_dict, model_state_dict; at its top are: tensors, list/,
  );
  await expect(readPth(join(fixtures, "odd-zip.pth"), { key: "ema" })).rejects.toThrow('no state dict under "ema"');
  await expect(readPth(join(fixtures, "bare-tensor-zip.pth"))).rejects.toThrow("holds a single tensor");
});

/** A legacy file of `{"model": {"weight": <2 floats of a GPU>}, "epoch": 7}`. */
function legacyFile(): Uint8Array {
  const text = (value: string): number[] => [0x58, value.length, 0, 0, 0, ...Buffer.from(value)];
  const name = (module: string, member: string): number[] => [...Buffer.from(`c${module}\n${member}\n`)];
  const pickle = (...parts: readonly number[][]): number[] => [0x80, 2, ...parts.flat(), 0x2e];
  const [MARK, TUPLE, PERSISTENT, REDUCE, ITEM, DICTIONARY] = [[0x28], [0x74], [0x51], [0x52], [0x73], [0x7d]];
  const storage = [
    MARK,
    text("storage"),
    name("torch", "FloatStorage"),
    text("key"),
    text("cuda:0"),
    [0x4b, 2],
    [0x4e],
    TUPLE,
    PERSISTENT,
  ].flat();
  const tensor = [
    name("torch._utils", "_rebuild_tensor_v2"),
    MARK,
    storage,
    [0x4b, 0],
    [0x4b, 2, 0x85],
    [0x4b, 1, 0x85],
    [0x89, 0x4e],
    TUPLE,
    REDUCE,
  ].flat();
  const parts = [
    pickle([0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19]),
    pickle([0x4d, 0xe9, 3]),
    pickle(DICTIONARY, text("little_endian"), [0x88], ITEM),
    pickle(DICTIONARY, text("model"), DICTIONARY, text("weight"), tensor, ITEM, ITEM, text("epoch"), [0x4b, 7], ITEM),
    pickle([0x5d], text("key"), [0x61]),
    [2, 0, 0, 0, 0, 0, 0, 0],
  ];
  return Buffer.concat([
    ...parts.map((part) => Uint8Array.from(part)),
    new Uint8Array(Float32Array.of(1.5, -3).buffer),
  ]);
}

test("a training checkpoint saved from a GPU is read, and the rest of the file is kept", async () => {
  const path = await fileOf(legacyFile());
  const { content, stateDict } = await readPth(path);
  expect(stateDict).toEqual(new Map([["weight", { dtype: "float32", shape: [2], values: Float32Array.of(1.5, -3) }]]));
  expect((content as Map<string, unknown>).get("epoch")).toBe(7);
  expect(await readStateDict(path)).toEqual(stateDict);
});

test("a state dict is read from either format, told by the content", async () => {
  const path = join(folder, "weights.bin");
  const tensors = new Map([["x", { dtype: "float32", shape: [2], values: Float32Array.of(2, 3) } as const]]);
  await writeSafetensors(path, tensors);
  expect(await readStateDict(path)).toEqual(tensors);
  await expect(readStateDict(join(fixtures, "bare-tensor-zip.pth"))).rejects.toThrow("holds a single tensor");
  await expect(readStateDict(await fileOf(new Uint8Array()))).rejects.toThrow("is not a file of torch.save");
});
