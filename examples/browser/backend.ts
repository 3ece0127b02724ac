import { startWasmBackend } from "@detrkit/backend/wasm";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import wasm from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url";
import simd from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url";
import threaded from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url";
import "@tensorflow/tfjs-backend-webgpu";
import { enableProdMode, getBackend, setBackend } from "@tensorflow/tfjs-core";

let starting: Promise<void> | undefined;

/** Starts WebGPU where this browser has it, else WebAssembly. @returns its name */
export async function startBestBackend(): Promise<string> {
  await (starting ??= start());
  return getBackend();
}

async function start(): Promise<void> {
  enableProdMode();
  // There may be WebGPU without a device that it can use.
  if ("gpu" in navigator && (await setBackend("webgpu"))) return;
  setWasmPaths({
    "tfjs-backend-wasm.wasm": wasm,
    "tfjs-backend-wasm-simd.wasm": simd,
    "tfjs-backend-wasm-threaded-simd.wasm": threaded,
  });
  await startWasmBackend();
}
