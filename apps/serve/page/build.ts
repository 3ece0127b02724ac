// Bundles the page: node --conditions=@detrkit/source apps/serve/page/build.ts [--if-stale]
import { globSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { loadPixels, openDataset } from "@detrkit/datasets";
import { encodePng } from "@detrkit/image";
import { build } from "vite";

/** Where the server looks for the built page. */
export const builtPage: string = join(import.meta.dirname, "dist");

/** Images to try the page with; they come from the generator of `shapes:`, so nothing is fetched and nobody's. */
const samples = "shapes:count=1,validation=4,size=160x128,smallest=20,largest=60,objects=6,seed=7";

/**
 * Bundles the page and all it loads, and draws its sample images.
 *
 * @param output - a folder; what was in it goes, once all is built
 */
export async function buildPage(output: string = builtPage): Promise<void> {
  await mkdir(join(output, ".."), { recursive: true });
  const scratch = await mkdtemp(`${output}-`);
  try {
    const [publicDir, outDir] = [join(scratch, "public"), join(scratch, "dist")];
    await drawSamples(join(publicDir, "assets", "samples"));
    await build({
      root: import.meta.dirname,
      configFile: join(import.meta.dirname, "vite.config.ts"),
      logLevel: "error",
      publicDir,
      build: { outDir, emptyOutDir: true },
    });
    await rm(output, { recursive: true, force: true });
    await rename(outDir, output);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/**
 * Bundles the page where it is missing, or older than what it is made of.
 *
 * @returns whether it was bundled
 */
export async function buildStalePage(): Promise<boolean> {
  const built = await stat(join(builtPage, "index.html")).catch(() => undefined);
  const folders = [import.meta.dirname, join(import.meta.dirname, "../../../packages")];
  if (built !== undefined && (await newest(folders)) < built.mtimeMs) return false;
  await buildPage();
  return true;
}

/** When a source was last changed. */
async function newest(folders: readonly string[]): Promise<number> {
  const files = folders.flatMap((folder) => globSync(`${folder}/**/*.{ts,html,css,svg}`, { exclude: isNoSource }));
  const times = await Promise.all(files.map(async (file) => (await stat(file)).mtimeMs));
  return Math.max(...times);
}

const isNoSource = (path: string): boolean => /(^|\/)(node_modules|dist|\.cache)(\/|$)/u.test(path);

async function drawSamples(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const { records } = await openDataset(samples, { split: "val" });
  for (const [index, record] of records.entries())
    await writeFile(join(folder, `shapes-${index + 1}.png`), await encodePng(await loadPixels(record)));
}

if (process.argv[1] === import.meta.filename) {
  if (!process.argv.includes("--if-stale")) await buildPage();
  else if (await buildStalePage()) process.stderr.write("The page of the server is built.\n");
}
