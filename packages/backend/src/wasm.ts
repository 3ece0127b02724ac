export { startWasmBackend } from "@detrkit/native/wasm";
