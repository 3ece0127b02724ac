import { execFile } from "node:child_process";
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { temporaryFolder } from "@detrkit/test-utils";
import { build, type Format } from "esbuild";
import { beforeAll, expect, test } from "vitest";

const folder = temporaryFolder();
const datasets = join(import.meta.dirname, "..", "index.ts");

/** A program that reads a batch, bundled as a server is; its output. */
async function runBundled(format: Format, workers: number): Promise<string> {
  const file = join(folder, `server-${format}-${workers}.${format === "cjs" ? "cjs" : "mjs"}`);
  const program = `
    import { batches, fixedSize, openDataset } from ${JSON.stringify(datasets)};
    import "@tensorflow/tfjs-backend-cpu";
    const main = async () => {
      const dataset = await openDataset("shapes:count=2,size=32,classes=2", { split: "train" });
      const transforms = fixedSize({ width: 32, height: 32 }, { training: false });
      for await (const batch of batches(dataset, { batchSize: 2, transforms, workers: ${workers} }))
        console.log(batch.images.images.shape.join());
    };
    main().catch((error) => console.log(error.code, error.message));`;
  await build({
    stdin: { contents: program, resolveDir: import.meta.dirname, loader: "ts" },
    outfile: file,
    bundle: true,
    platform: "node",
    format,
    conditions: ["@detrkit/source"],
    external: ["sharp", "@tensorflow/*"],
    // CommonJS packages in a module ask for it.
    banner: {
      js:
        format === "esm"
          ? `import { createRequire } from "node:module"; const require = createRequire("${folder}/");`
          : "",
    },
    logLevel: "silent",
  });
  const { stdout } = await promisify(execFile)(process.execPath, [file]);
  return stdout;
}

// What such a bundle leaves outside.
beforeAll(async () => {
  const installed = join(import.meta.dirname, "..", "..", "node_modules");
  await mkdir(join(folder, "node_modules"));
  await symlink(join(installed, "sharp"), join(folder, "node_modules", "sharp"));
  const ofWorkspace = join(import.meta.dirname, "..", "..", "..", "..", "node_modules", "@tensorflow");
  await symlink(ofWorkspace, join(folder, "node_modules", "@tensorflow"));
});

test.each<Format>(["esm", "cjs"])(
  "bundled as %s, images are read in the calling thread, and workers are refused",
  async (format) => {
    expect(await runBundled(format, 0)).toContain("2,32,32,3");
    const refused = await runBundled(format, 1);
    expect(refused).toMatch(/^ERR_CONFIG ImageWorkers: the program of the threads that read images/m);
    expect(refused).toContain("bundled without it. Leave @detrkit/datasets out of the bundle (esbuild:");
    expect(refused).toContain("or read in the calling thread: workers: 0");
  },
);
