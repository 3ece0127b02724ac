import { defineConfig } from "tsup";

export default defineConfig({
  entry: ["src/index.ts", "src/linear-sum-assignment.ts"],
  format: "esm",
  dts: false,
  sourcemap: true,
  clean: true,
  target: "node20",
  // Without its prefix a module of Node is a package of that name to bundlers.
  removeNodeProtocol: false,
});
