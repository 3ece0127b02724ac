import { isDeepStrictEqual } from "node:util";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DetrkitError } from "@detrkit/common";
import {
  openPth,
  PthTensor,
  readSafetensors,
  readStateDict,
  type TensorData,
  writeSafetensors,
} from "@detrkit/checkpoint";
import { bytesTarget } from "../bytes-target.ts";
import { checkpointFiles, checkpointTokens } from "../corpus/checkpoint-files.ts";
import type { FuzzTarget } from "../fuzz-target.ts";

/** Safetensors and both formats of `.pth`: opened, every tensor read, written as safetensors and read back. */
export const target: FuzzTarget = bytesTarget({
  name: "checkpoint",
  limits: { seconds: 10, mebibytes: 768 },
  corpus: checkpointFiles,
  tokens: checkpointTokens,
  check: async (input, folder) => {
    const path = join(folder, "weights");
    await writeFile(path, input);
    const tensors = input[8] === 0x7b ? await readStateDict(path) : await readPthWhole(path);
    await expectRoundTrip(tensors, join(folder, "written.safetensors"));
  },
});

/** Its state dict; where it has none, the tensors found one by one. */
async function readPthWhole(path: string): Promise<ReadonlyMap<string, TensorData>> {
  const file = await openPth(path);
  try {
    const found = new Set<PthTensor>();
    collectTensors(file.content, found, new Set());
    for (const tensor of found) await file.readValues(tensor);
    return await file.readStateDict();
  } finally {
    await file.close();
  }
}

function collectTensors(value: unknown, found: Set<PthTensor>, seen: Set<unknown>): void {
  const waiting = [value];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (next instanceof PthTensor) found.add(next);
    if (seen.has(next)) continue;
    seen.add(next);
    if (next instanceof Map) waiting.push(...next.values());
    else if (Array.isArray(next) || next instanceof Set) waiting.push(...next);
  }
}

async function expectRoundTrip(tensors: ReadonlyMap<string, TensorData>, path: string): Promise<void> {
  try {
    await writeSafetensors(path, tensors);
  } catch (error) {
    if (DetrkitError.isInstance(error)) return;
    throw error;
  }
  const back = (await readSafetensors(path)).tensors;
  for (const [name, { dtype, shape, values }] of tensors) {
    const read = back.get(name);
    // By bytes: a NaN is none other than itself there.
    const same =
      read !== undefined &&
      read.dtype === dtype &&
      isDeepStrictEqual(read.shape, shape) &&
      Buffer.compare(bytesOf(read), bytesOf({ values })) === 0;
    if (!same)
      throw new Error(
        `tensor "${name.slice(0, 80)}" of ${values.length} ${dtype} values is not read back as it was written`,
      );
  }
}

function bytesOf({ values }: Pick<TensorData, "values">): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
