import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { readSafetensors, type TensorData } from "@detrkit/checkpoint";
import { type Tensor, tensor } from "@tensorflow/tfjs-core";

/** Recorded numbers: `<name>.json`, and the tensors of `<name>.safetensors` where there is one. */
export interface LoadedFixture<Content> {
  readonly json: Content;
  readonly tensors: ReadonlyMap<string, TensorData>;
  /** A tensor of the file on the running backend; the caller frees it. */
  tensor(name: string): Tensor;
}

/** @param base - URL of the files without their extension: `new URL("./__fixtures__/adamw", import.meta.url)` */
export async function loadFixture<Content>(base: URL): Promise<LoadedFixture<Content>> {
  const path = fileURLToPath(base);
  const json = JSON.parse(await readFile(`${path}.json`, "utf8")) as Content;
  const tensors = existsSync(`${path}.safetensors`)
    ? (await readSafetensors(`${path}.safetensors`)).tensors
    : new Map<string, TensorData>();
  return {
    json,
    tensors,
    tensor(name) {
      const data = tensors.get(name);
      if (data === undefined) throw new Error(`${path}.safetensors has no tensor "${name}"`);
      const { dtype, shape, values } = data;
      return tensor(values, [...shape], dtype === "uint8" ? "int32" : dtype);
    },
  };
}
