import { extname } from "node:path";
import { openForReading, readBytes } from "./read-bytes.ts";
import type { StateDictChoice } from "./pth/find-state-dict.ts";
import { readPth } from "./pth/pth-file.ts";
import { readSafetensors } from "./safetensors-reader.ts";
import type { TensorData } from "./tensor-data.ts";

/** Reads a model's tensors from a `.pth` or a `.safetensors` file; its content decides which it is. */
export async function readStateDict(
  path: string,
  choice: StateDictChoice = {},
): Promise<ReadonlyMap<string, TensorData>> {
  return (await isPth(path)) ? (await readPth(path, choice)).stateDict : (await readSafetensors(path)).tensors;
}

/**
 * Whether a file is one of `torch.save`, not of safetensors: that has `{` after the eight bytes of its header's length.
 * If the file is shorter, its name decides.
 */
export async function isPth(path: string): Promise<boolean> {
  const file = await openForReading(path);
  try {
    const { size } = await file.stat();
    const start = await readBytes(file, 0, Math.min(size, 9), path);
    return start.length === 9 ? start[8] !== 0x7b : extname(path) !== ".safetensors";
  } finally {
    await file.close();
  }
}
