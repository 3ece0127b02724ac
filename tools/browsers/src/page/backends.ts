import { startWasmBackend } from "@detrkit/backend/wasm";
import "@tensorflow/tfjs";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import "@tensorflow/tfjs-backend-webgpu";
import wasm from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url";
import simd from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url";
import threaded from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url";
import { enableProdMode, getBackend, ready, setBackend } from "@tensorflow/tfjs-core";
import type { BrowserBackend } from "../plan.ts";

/** Starts one of tfjs's backends in a page. @throws where it can't be had */
export async function startBackend(name: BrowserBackend): Promise<void> {
  enableProdMode();
  if (name === "wasm") {
    setWasmPaths({
      "tfjs-backend-wasm.wasm": wasm,
      "tfjs-backend-wasm-simd.wasm": simd,
      "tfjs-backend-wasm-threaded-simd.wasm": threaded,
    });
    await startWasmBackend();
  } else if (!(await setBackend(name))) throw new Error(`tfjs could not start its backend "${name}" in this browser`);
  await ready();
  if (getBackend() !== name) throw new Error(`tfjs started "${getBackend()}" instead of "${name}"`);
}
