import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type TensorData, writeSafetensors } from "@detrkit/checkpoint";
import { zipOf } from "@detrkit/test-utils";
import yauzl from "yauzl";
import type { CorpusFile } from "../bytes-target.ts";

const fixtures = fileURLToPath(import.meta.resolve("../../../../fixtures/checkpoint/"));

/** Pickle instructions and names that files of torch.save are made of, and edge values of safetensors headers. */
export const checkpointTokens: readonly string[] = [
  "(",
  ")",
  "]",
  "}",
  "t",
  "l",
  "d",
  "a",
  "e",
  "s",
  "u",
  "0",
  "1",
  "2",
  "R",
  "b",
  "Q",
  ".",
  "N",
  "\x81",
  "\x85",
  "\x86",
  "\x87",
  "\x88",
  "\x8f",
  "\x90",
  "\x91",
  "\x93",
  "\x94",
  "q\x00",
  "h\x00",
  "h\x01",
  "h\x02",
  "h\x05",
  "K\x00",
  "K\x02",
  "M\xff\xff",
  "J\xff\xff\xff\xff",
  "J\xff\xff\xff\x7f",
  "\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f",
  "G\x7f\xf0\0\0\0\0\0\0",
  "cbuiltins\nlist\n",
  "cbuiltins\nset\n",
  "cbuiltins\nbytearray\n",
  "ccollections\nOrderedDict\n",
  "c_codecs\nencode\n",
  "ctorch\nSize\n",
  "ctorch._utils\n_rebuild_tensor_v2\n",
  "cposix\nsystem\n",
  "X\x06\0\0\0latin1",
  "X\x07\0\0\0storage",
  "X\xff\xff\xff\xff",
  "\x8e\xff\xff\xff\xff\xff\xff\xff\xff",
  "\x95\0\0\0\0\0\0\0\0",
  '"__metadata__":{"a":"b"},',
  '"shape":[',
  '"data_offsets":[0,0]',
  '"dtype":"F16"',
  '"__proto__":',
  "[[[[",
  "{",
  "}",
  "1e400",
  "18446744073709551615",
  "-0",
  '"\\ud800"',
];

/** Recorded files of torch.save, whole and as the pickle within, and safetensors files of every dtype. */
export async function checkpointFiles(): Promise<readonly CorpusFile[]> {
  const names = ["bare-tensor-zip.pth", "odd-zip.pth", "odd-legacy.pth", "odd-legacy-protocol4.pth"];
  const whole = await Promise.all(names.map(async (name) => ({ name, bytes: await readFile(join(fixtures, name)) })));
  const pickles = await Promise.all(
    whole.filter(({ name }) => name.endsWith("-zip.pth")).map(({ name, bytes }) => pickleWithin(name, bytes)),
  );
  return [...whole, ...pickles, ...stateDicts(), ...(await safetensorsFiles())];
}

/** The pickle alone is changed: no damage of the zip keeps it from being read. */
async function pickleWithin(name: string, bytes: Buffer): Promise<CorpusFile> {
  const zip = await yauzl.fromBufferPromise(bytes);
  const entries: Record<string, Uint8Array> = {};
  for await (const entry of zip.eachEntry()) {
    const pieces: Uint8Array[] = [];
    for await (const piece of await zip.openReadStreamPromise(entry)) pieces.push(piece as Uint8Array);
    entries[entry.fileName] = Buffer.concat(pieces);
  }
  const pickleName = Object.keys(entries).find((entry) => entry.endsWith("data.pkl")) as string;
  return {
    name: `the pickle of ${name}`,
    bytes: entries[pickleName] as Uint8Array,
    seal: (pickle) => zipOf({ ...entries, [pickleName]: pickle }),
  };
}

/** State dicts of a few small tensors, which most of these files do not have at their top. */
function stateDicts(): readonly CorpusFile[] {
  const text = (value: string): string => `X${String.fromCharCode(value.length)}\0\0\0${value}`;
  const storage = (type: string, key: string, length: number): string =>
    `(${text("storage")}ctorch\n${type}\n${text(key)}${text("cpu")}K${String.fromCharCode(length)}tQ`;
  const tensor = (memory: string, shape: string, strides: string): string =>
    `ctorch._utils\n_rebuild_tensor_v2\n(${memory}K\0(${shape}t(${strides}t\x89ccollections\nOrderedDict\n)RtR`;
  const entries: readonly string[] = [
    text("weight") + tensor(storage("FloatStorage", "0", 6), "K\x02K\x03", "K\x03K\x01"),
    text("half") + tensor(storage("HalfStorage", "1", 6), "K\x03K\x02", "K\x01K\x03"),
    text("expanded") + tensor(storage("LongStorage", "2", 2), "K\x02K\x03", "K\x01K\0"),
    text("scalar") + tensor(storage("BFloat16Storage", "3", 1), "", ""),
  ];
  const pickle = Buffer.from(`\x80\x02ccollections\nOrderedDict\n)Rq\0(${entries.join("")}u.`, "latin1");
  const numbers = {
    "a/data/0": Buffer.alloc(24, 1),
    "a/data/1": Buffer.alloc(12, 2),
    "a/data/2": Buffer.alloc(16),
    "a/data/3": Buffer.alloc(2, 3),
  };
  return [
    {
      name: "the pickle of a state dict",
      bytes: pickle,
      seal: (changed) => zipOf({ "a/data.pkl": changed, ...numbers }),
    },
  ];
}

async function safetensorsFiles(): Promise<readonly CorpusFile[]> {
  const folder = await mkdtemp(join(tmpdir(), "detrkit-fuzz-corpus-"));
  try {
    const path = join(folder, "some.safetensors");
    const tensors = new Map<string, TensorData>([
      ["conv.weight", { dtype: "float32", shape: [2, 3], values: Float32Array.of(1, 2, 3, 5, 7, 11) }],
      ["count", { dtype: "int32", shape: [], values: Int32Array.of(13) }],
      ["flags", { dtype: "bool", shape: [3], values: Uint8Array.of(1, 0, 1) }],
      ["none", { dtype: "uint8", shape: [0, 7], values: new Uint8Array() }],
    ]);
    await writeSafetensors(path, tensors, { note: "some text" });
    const bytes = await readFile(path);
    const headerEnd = 8 + Number(bytes.readBigUInt64LE(0));
    const header = bytes.subarray(8, headerEnd);
    const halves = Buffer.from(
      '{"h":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},"b":{"dtype":"BF16","shape":[2],"data_offsets":[4,8]},' +
        '"l":{"dtype":"I64","shape":[1],"data_offsets":[8,16]}}',
    );
    return [
      { name: "safetensors", bytes },
      {
        name: "a safetensors header",
        bytes: header,
        seal: (changed) => behindItsLength(changed, bytes.subarray(headerEnd)),
      },
      {
        name: "a safetensors header of halves",
        bytes: halves,
        seal: (changed) => behindItsLength(changed, new Uint8Array(16)),
      },
    ];
  } finally {
    await rm(folder, { recursive: true });
  }
}

function behindItsLength(header: Uint8Array, data: Uint8Array): Uint8Array {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, data]);
}
