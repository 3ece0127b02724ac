import { defineConfig } from "tsup";

export default defineConfig({
  entry: ["src/index.ts", "src/kernels.ts", "src/tfjs-internals/index.ts", "src/gradients.ts"],
  format: "esm",
  dts: false,
  sourcemap: true,
  clean: true,
  target: "node20",
  // Without its prefix a module of Node is a package of that name to bundlers.
  removeNodeProtocol: false,
  // Files of a package that Node cannot load as they are.
  noExternal: [/^@tensorflow\/tfjs-core\/dist\//],
});
