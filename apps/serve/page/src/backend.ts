import { startWasmInference } from "@detrkit/backend/wasm";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import wasm from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url";
import simd from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url";
import "@tensorflow/tfjs-backend-webgpu";
import { enableProdMode, env, getBackend, setBackend } from "@tensorflow/tfjs-core";

/** Starts WebGPU where this browser has it, else WebAssembly. @returns its name */
export async function startBestBackend(): Promise<string> {
  enableProdMode();
  // There may be WebGPU without a device that it can use.
  if ("gpu" in navigator && (await setBackend("webgpu"))) return getBackend();
  // Threads of tfjs start from scripts in blob: addresses, which the page's policy refuses.
  env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
  // tfjs wants all three; the last one is not loaded.
  setWasmPaths({
    "tfjs-backend-wasm.wasm": wasm,
    "tfjs-backend-wasm-simd.wasm": simd,
    "tfjs-backend-wasm-threaded-simd.wasm": simd,
  });
  await startWasmInference();
  return getBackend();
}
