// Compiles the WebAssembly kernels of packages/native (AssemblyScript, `*.as.ts`) into its src/wasm/kernels-wasm.ts.
// Needed only after changing the kernels. `--check` only compares.
import { compileKernels } from "./compile-kernels.mjs";

compileKernels({
  tool: "build-backend-kernels.mjs",
  source: "packages/native/src/wasm/kernels.as.ts",
  sources: { folder: "packages/native/src", ending: ".as.ts" },
  target: "packages/native/src/wasm/kernels-wasm.ts",
  name: "kernelsWasm",
  functions: "KernelName",
  // The memory is that of tfjs's WebAssembly backend. The kernels keep nothing of their own in it.
  flags: ["--importMemory"],
});
