import { BackendError } from "@detrkit/common";
import { enableProdMode, ready, setBackend } from "@tensorflow/tfjs-core";
import { registerKernelGradients } from "../gradients/register-gradients.ts";
import { wasmBackendName } from "./define-kernel.ts";
import { registerWasmKernels } from "./register-kernels.ts";

/**
 * Makes WebAssembly tfjs's backend, with detrkit's kernels for training; also in a browser. A page first sets the place
 * of that package's `.wasm` files with `setWasmPaths` of `@tensorflow/tfjs-backend-wasm`.
 *
 * @throws BackendError if it can't be started
 */
export async function startWasmBackend(): Promise<void> {
  await import("@detrkit/nn/gradients");
  await startWasmInference();
  registerKernelGradients();
}

/**
 * The same without gradients, for pages that only run models, which then load less. Nothing can be differentiated until
 * {@link startWasmBackend} is called.
 *
 * @throws BackendError if it can't be started
 */
export async function startWasmInference(): Promise<void> {
  // Otherwise tfjs prints a greeting, and can check every result for NaN.
  enableProdMode();
  await import("@tensorflow/tfjs-backend-cpu");
  await import("@tensorflow/tfjs-backend-wasm");
  if (!(await setBackend(wasmBackendName)))
    throw new BackendError(`tfjs could not start its backend "${wasmBackendName}"`);
  await ready();
  await registerWasmKernels();
}
