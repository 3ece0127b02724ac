// How every package's JavaScript is built; which entries it has stands in its build script.
import { defineConfig } from "tsup";

export default defineConfig({
  format: "esm",
  dts: false,
  sourcemap: true,
  clean: true,
  target: "node20",
  // Without its prefix a module of Node is a package of that name to bundlers.
  removeNodeProtocol: false,
  // Node cannot load these files of tfjs-core as they are (docs/decisions/0025).
  noExternal: [/^@tensorflow\/tfjs-core\/dist\//],
});
