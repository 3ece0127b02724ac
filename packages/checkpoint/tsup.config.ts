import { defineConfig } from "tsup";

export default defineConfig({
  entry: ["src/index.ts", "src/safetensors.ts", "src/browser.ts"],
  format: "esm",
  dts: false,
  sourcemap: true,
  clean: true,
  target: "node22",
});
