import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { deformableSamplingKernel } from "@detrkit/deformable-attention/kernels";
import { dropout } from "@detrkit/nn";
import { convolutionKernel, hasKernel } from "@detrkit/nn/kernels";
import { adamWKernel } from "@detrkit/optim/kernels";
import { BackendError, Random } from "@detrkit/common";
import { guardAgainstLeaks } from "@detrkit/test-utils";
import { backend, ones, setBackend, tidy } from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import { kernelBytes } from "./kernel-module.ts";
import { startNativeBackend } from "../start-native-backend.ts";
import { startWasmBackend } from "./start-wasm-backend.ts";

// TypeScript has its types in the browser's library only.
declare const WebAssembly: {
  readonly Memory: new (limits: object) => { readonly buffer: ArrayBuffer };
  readonly instantiate: (
    bytes: Uint8Array,
    imports: object,
  ) => Promise<{ readonly instance: { readonly exports: unknown } }>;
};

beforeAll(async () => {
  await startWasmBackend();
}, 60_000);
guardAgainstLeaks();

test("starting twice is starting once, and the kernels are there", async () => {
  const started = backend();
  await startWasmBackend();
  expect(backend()).toBe(started);
  expect([convolutionKernel, adamWKernel, deformableSamplingKernel].every((name) => hasKernel(name))).toBe(true);
});

test("dropout drops the very elements that the native backend drops", async () => {
  const kept = async (prefer: "native" | "wasm"): Promise<string> => {
    await (prefer === "native" ? startNativeBackend(() => {}) : startWasmBackend());
    return tidy(() =>
      dropout(ones([7, 101]), 0.3, new Random(5))
        .dataSync<"float32">()
        .join(" "),
    );
  };
  const here = await kept("wasm");
  expect(here.split(" ").filter((value) => value === "0").length).toBeGreaterThan(150);
  let there = here;
  try {
    there = await kept("native");
  } catch (error) {
    if (process.env["DETRKIT_REQUIRE_NATIVE"] === "1" || !BackendError.isInstance(error)) throw error;
  }
  expect(there).toBe(here);
  await setBackend("wasm");
}, 900_000);

test("the compiled kernels are of these sources", async () => {
  const root = fileURLToPath(new URL("../../../..", import.meta.url));
  await expect(
    promisify(execFile)(process.execPath, ["tools/build-backend-kernels.mjs", "--check"], { cwd: root }),
  ).resolves.toMatchObject({ stderr: "" });
});

// tfjs's threaded build does not start in Node; its memory is one that threads share.
test.each([false, true])("the compiled kernels take a memory that is shared: %s", async (shared) => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 16_384, shared });
  const { instance } = await WebAssembly.instantiate(kernelBytes(shared), { env: { memory } });
  const values = new Float32Array(memory.buffer, 0, 8);
  values.set([1, 2, 3, 4, 0, 0, 0, 0]);
  const { sumOfSquares } = instance.exports as { readonly sumOfSquares: (at: number, count: number) => number };
  expect(sumOfSquares(0, 4)).toBe(30);
  await expect(WebAssembly.instantiate(kernelBytes(!shared), { env: { memory } })).rejects.toThrow("shared");
});

test("what a browser loads reaches for no module of Node's", async () => {
  // As a bundler for browsers sees it: every file that the entry imports, and what those import.
  const seen = new Set<string>();
  const reaching: string[] = [];
  const visit = async (file: URL): Promise<void> => {
    if (seen.has(file.href)) return;
    seen.add(file.href);
    const text = await readFile(file, "utf8");
    if (/from "node:|process\./u.test(text)) reaching.push(file.href);
    for (const [, path] of text.matchAll(/^(?:import|export) (?!type)[^;]*? from "(\.[^"]+)";/gmu))
      await visit(new URL(path ?? "", file));
  };
  await visit(new URL("../wasm.ts", import.meta.url));
  expect(reaching).toEqual([]);
  expect(seen.size).toBeGreaterThan(20);
});
