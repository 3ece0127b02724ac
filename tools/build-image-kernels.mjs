// Compiles packages/image/kernels (AssemblyScript) into packages/image/src/image-kernels-wasm.ts. Needed only after
// changing the kernels. `--check` only compares.
import { compileKernels } from "./compile-kernels.mjs";

compileKernels({
  tool: "build-image-kernels.mjs",
  source: "packages/image/kernels/image-kernels.ts",
  target: "packages/image/src/image-kernels-wasm.ts",
  name: "imageKernelsWasm",
});
