import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { writeSafetensors } from "@detrkit/checkpoint";
import { dispose } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { loadFixture } from "./load-fixture.ts";
import { useBackend } from "./use-backend.ts";

useBackend("cpu");

test("a fixture gives its JSON and its tensors, as memory and on the backend", async () => {
  const folder = await mkdtemp(join(tmpdir(), "detrkit-fixture-"));
  try {
    await writeFile(join(folder, "x.json"), '{ "seed": 7 }');
    await writeSafetensors(
      join(folder, "x.safetensors"),
      new Map([["bytes", { dtype: "uint8", shape: [1, 3], values: Uint8Array.of(2, 3, 255) }]]),
    );
    const fixture = await loadFixture<{ readonly seed: number }>(pathToFileURL(join(folder, "x")));
    expect(fixture.json.seed).toBe(7);
    const bytes = fixture.tensor("bytes");
    expect([bytes.dtype, bytes.shape, Array.from(bytes.dataSync())]).toEqual(["int32", [1, 3], [2, 3, 255]]);
    dispose(bytes);
    expect(() => fixture.tensor("other")).toThrow('has no tensor "other"');
    await writeFile(join(folder, "y.json"), "[]");
    expect((await loadFixture(pathToFileURL(join(folder, "y")))).tensors.size).toBe(0);
  } finally {
    await rm(folder, { recursive: true });
  }
});
