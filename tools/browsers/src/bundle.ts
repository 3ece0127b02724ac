import { build } from "vite";

/**
 * Bundles a page and all it loads, from the sources.
 *
 * @param root - the folder with its index.html
 * @param output - a folder; what is in it goes
 */
export async function bundle(root: string, output: string): Promise<void> {
  await build({
    root,
    configFile: false,
    logLevel: "error",
    // Addresses from where the page is, wherever that will be.
    base: "./",
    resolve: { conditions: ["@detrkit/source", "module", "browser", "production"] },
    worker: { format: "es" },
    build: { outDir: output, emptyOutDir: true, target: "es2023", chunkSizeWarningLimit: Infinity },
  });
}
