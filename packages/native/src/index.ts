export { instructionSets } from "./build/native-cache.ts";
export { nvidiaDriver } from "./build/nvidia.ts";
export { nativeBackendName } from "./native/define-kernel.ts";
export { startNativeBackend } from "./start-native-backend.ts";
export { startWasmBackend } from "./wasm/start-wasm-backend.ts";

export type { Baseline } from "./build/baselines.ts";
export type { LoadedKernels } from "./addon/load-kernels.ts";
export type { Progress } from "./build/progress.ts";
export type { NativeBackend } from "./start-native-backend.ts";
