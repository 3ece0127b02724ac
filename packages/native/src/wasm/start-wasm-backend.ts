import { BackendError } from "@detrkit/common";
import { enableProdMode, ready, setBackend } from "@tensorflow/tfjs-core";
import { wasmBackendName } from "./define-kernel.ts";
import { registerWasmKernels } from "./register-kernels.ts";

/**
 * Makes WebAssembly tfjs's backend, with detrkit's kernels for training; also in a browser. A page says with
 * `setWasmPaths` of `@tensorflow/tfjs-backend-wasm` beforehand where that package's `.wasm` files are.
 *
 * @throws BackendError where it can't be started
 */
export async function startWasmBackend(): Promise<void> {
  // tfjs otherwise checks every result for NaN on demand and greets on the console.
  enableProdMode();
  await import("@detrkit/nn/gradients");
  await import("@tensorflow/tfjs-backend-cpu");
  await import("@tensorflow/tfjs-backend-wasm");
  if (!(await setBackend(wasmBackendName)))
    throw new BackendError(`tfjs could not start its backend "${wasmBackendName}"`);
  await ready();
  await registerWasmKernels();
}
