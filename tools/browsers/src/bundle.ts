import { join } from "node:path";
import { build } from "vite";

/** The example's folder. Its settings of Vite are the ones that a project needs, so other pages are bundled by them. */
export const exampleFolder: string = join(import.meta.dirname, "..", "..", "..", "examples", "browser");

/**
 * Bundles a page and all it loads, from the sources.
 *
 * @param root - the folder with its index.html
 * @param output - a folder; what is in it goes
 */
export async function bundle(root: string, output: string): Promise<void> {
  await build({
    root,
    configFile: join(exampleFolder, "vite.config.ts"),
    logLevel: "error",
    build: { outDir: output, emptyOutDir: true, chunkSizeWarningLimit: Infinity },
  });
}
