import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { DetrkitError, Random } from "@detrkit/common";
import { Linear } from "@detrkit/nn";
import { temporaryFolder, useBackend } from "@detrkit/test-utils";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { openCheckpoint, saveCheckpoint } from "./checkpoint-paths.ts";
import { readSafetensors } from "./safetensors-reader.ts";
import { writeSafetensors } from "./safetensors-writer.ts";

useBackend("cpu");
const folder = temporaryFolder();
const path = join(folder, "checkpoint-last.safetensors");
const training = {
  tensors: new Map([["first/weight", { dtype: "float32" as const, shape: [2], values: Float32Array.of(0.1, 7) }]]),
  values: { epoch: 3, step: 11 },
};

let model: Linear;
beforeAll(async () => {
  model = new Linear({ inputDim: 2, outputDim: 3, random: new Random(1) });
  const metadata = { classes: ["cat"], categoryIds: [17], config: { numQueries: 5 } };
  await saveCheckpoint(path, { model, metadata, training });
});
afterAll(() => model.dispose());

/** Everything that a checkpoint gives, as text. */
async function contentOf(file: string): Promise<string> {
  const checkpoint = await openCheckpoint(file);
  const loaded = new Linear({ inputDim: 2, outputDim: 3, random: new Random(2) });
  try {
    await checkpoint.loadModel(loaded);
    const state = await checkpoint.readTrainingState(loaded);
    const weights = [...loaded.parameters()].map(([name, { value }]) => [name, [...value.dataSync()]]);
    return JSON.stringify([checkpoint.metadata, weights, state?.values, [...(state?.tensors ?? [])]]);
  } finally {
    loaded.dispose();
    await checkpoint.close();
  }
}

test("no damaged byte of a checkpoint is loaded: it is refused, or gives what was written", async () => {
  const [bytes, content] = [await readFile(path), await contentOf(path)];
  const damagedPath = join(folder, "damaged.safetensors");
  let refused = 0;
  for (let index = 0; index < bytes.length; index++) {
    const damaged = Buffer.from(bytes);
    damaged[index] = (damaged[index] ?? 0) ^ 1;
    await writeFile(damagedPath, damaged);
    const found = await contentOf(damagedPath).catch((error: unknown) => {
      if (!DetrkitError.isInstance(error)) throw error;
      refused += 1;
      return content;
    });
    expect(found, `byte ${index} was changed`).toBe(content);
  }
  // Spaces after the header and the name of the checksums themselves are all that may change.
  expect(bytes.length - refused).toBeLessThan(40);
});

test("the error names file and tensor, what was expected and what came, and what to do", async () => {
  const bytes = await readFile(path);
  const last = bytes.length - 1;
  bytes[last] = (bytes[last] ?? 0) ^ 0x80;
  const damaged = join(folder, "last-byte.safetensors");
  await writeFile(damaged, bytes);
  const sum = "[0-9a-f]{64}";
  const expected = `tensor "training/first/weight" expected the SHA-256 ${sum}, got ${sum}: .*checkpoint-best`;
  await expect(readSafetensors(damaged)).rejects.toThrow(new RegExp(`last-byte\\.safetensors: ${expected}`, "u"));
});

test("checksums are those of the tensors' bytes, and a file without any loads as before", async () => {
  const { tensors, metadata } = await readSafetensors(path);
  const { [sumsKey]: sums = "", ...others } = metadata;
  const bytes = tensors.get("weight")?.values as Float32Array;
  expect((JSON.parse(sums) as { tensors: Record<string, string> }).tensors["weight"]).toBe(
    createHash("sha256").update(bytes).digest("hex"),
  );
  const older = join(folder, "older.safetensors");
  await writeSafetensors(older, tensors, others);
  expect(await contentOf(older)).toBe(await contentOf(path));
});

test("where the platform has no SHA-256, files are written and read without", async () => {
  vi.stubGlobal("crypto", {});
  const without = join(folder, "without.safetensors");
  await saveCheckpoint(without, { model, metadata: { classes: [], categoryIds: [], config: {} } });
  expect((await readSafetensors(without)).metadata[sumsKey]).toBeUndefined();
  const content = await contentOf(path);
  vi.unstubAllGlobals();
  expect(await contentOf(path)).toBe(content);
});

const sumsKey = "detrkit.sha256";

const python = await promisify(execFile)("python3", ["-c", "import safetensors, numpy"]).then(
  () => true,
  () => false,
);

test.skipIf(!python)("Python's safetensors reads a checkpoint, and hashlib finds the same checksums", async () => {
  const script = [
    "import hashlib, json, sys",
    "from safetensors import safe_open",
    "with safe_open(sys.argv[1], 'np') as file:",
    `  sums = json.loads(file.metadata()['${sumsKey}'])['tensors']`,
    "  found = {name: hashlib.sha256(file.get_tensor(name).tobytes()).hexdigest() for name in file.keys()}",
    "print(len(found), sums == found)",
  ].join("\n");
  const { stdout } = await promisify(execFile)("python3", ["-c", script, path]);
  expect(stdout.trim()).toBe("3 True");
});
