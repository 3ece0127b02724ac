import { defineConfig } from "tsup";

export default defineConfig({
  entry: ["src/index.ts", "src/run-files.ts"],
  format: "esm",
  dts: false,
  sourcemap: true,
  clean: true,
  target: "node22",
});
