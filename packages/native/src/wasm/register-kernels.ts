import { linearKernel } from "@detrkit/nn/kernels";
import { saveByReference, WasmMemory } from "@detrkit/nn/tfjs-internals";
import { getKernel } from "@tensorflow/tfjs-core";
import { ops } from "../ops/index.ts";
import { correctKernels } from "./corrected.ts";
import { wasmBackendName } from "./define-kernel.ts";
import { loadKernels } from "./kernel-module.ts";
import { registerMissingKernels } from "./missing.ts";

/** Registers detrkit's kernels for tfjs's WebAssembly backend, which must be the running one. */
export async function registerWasmKernels(): Promise<void> {
  // tfjs warns about a second registration.
  if (getKernel(linearKernel, wasmBackendName) !== undefined) return;
  const module = await loadKernels(new WasmMemory());
  saveByReference();
  for (const { registerWasm } of ops) registerWasm?.(module);
  registerMissingKernels(module);
  correctKernels(module);
}
