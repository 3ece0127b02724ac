import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { dirname, extname, join } from "node:path";
import { weightsFile } from "@detrkit/inference";

/** The files of a model on the disk. */
export interface ModelFiles {
  /** Changes when the weights do. */
  readonly version: string;
  /** What a browser can load: one .safetensors file; undefined where the weights are something else. */
  readonly safetensors: { readonly path: string; readonly bytes: number; readonly modified: Date } | undefined;
  /** The settings of Hugging Face beside the weights, by their names. */
  readonly beside: ReadonlyMap<string, string>;
}

const settingsNames = ["config.json", "preprocessor_config.json"];

/**
 * Looks where a model's weights lie: a run folder may have better ones now than when it was loaded.
 *
 * @throws CheckpointError where there are none
 */
export async function modelFiles(path: string): Promise<ModelFiles> {
  const { paths, beside } = await weightsFile(path);
  const stats = await Promise.all(paths.map(async (file) => ({ file, ...pick(await stat(file)) })));
  const identity = stats.map(({ file, bytes, modified }) => `${file}:${bytes}:${modified.getTime()}`).join("\n");
  const [first] = stats;
  const one = stats.length === 1 && first !== undefined && extname(first.file) === ".safetensors" ? first : undefined;
  const settings =
    beside === undefined ? [] : settingsNames.map((name) => [name, join(dirname(paths[0]), name)] as const);
  return {
    version: createHash("sha256").update(identity).digest("hex").slice(0, 16),
    safetensors: one && { path: one.file, bytes: one.bytes, modified: one.modified },
    beside: new Map(settings.filter(([, file]) => existsSync(file))),
  };
}

const pick = ({ size, mtime }: { readonly size: number; readonly mtime: Date }) => ({ bytes: size, modified: mtime });
