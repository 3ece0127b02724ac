export { startWasmBackend, startWasmInference } from "./wasm/start-wasm-backend.ts";
