import { writeFileAtomic } from "@detrkit/common/files";
import { safetensorsPieces } from "./safetensors-pieces.ts";
import type { TensorData } from "./tensor-data.ts";

/**
 * Writes tensors as a safetensors file, completely or not at all.
 *
 * @param metadata - strings kept in the file's header
 */
export async function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, TensorData>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  await writeFileAtomic(path, safetensorsPieces(tensors, metadata));
}
