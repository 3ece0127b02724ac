export { startWasmBackend } from "./wasm/start-wasm-backend.ts";
