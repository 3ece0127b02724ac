import { defineConfig } from "tsup";

export default defineConfig({
  entry: ["src/index.ts", "src/batch-worker.ts", "src/formats/shapes/shapes-image.ts"],
  format: "esm",
  dts: false,
  sourcemap: true,
  clean: true,
  target: "node22",
});
