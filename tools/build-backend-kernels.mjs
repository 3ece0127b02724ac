// Compiles packages/backend/kernels (AssemblyScript) into packages/backend/src/wasm/kernels-wasm.ts. Needed only after
// changing the kernels. `--check` only compares.
import { compileKernels } from "./compile-kernels.mjs";

compileKernels({
  tool: "build-backend-kernels.mjs",
  source: "packages/backend/kernels/index.ts",
  target: "packages/backend/src/wasm/kernels-wasm.ts",
  name: "kernelsWasm",
  // The memory is that of tfjs's WebAssembly backend. The kernels keep nothing of their own in it.
  flags: ["--importMemory"],
});
