export { startWasmBackend, startWasmInference } from "@detrkit/native/wasm";
