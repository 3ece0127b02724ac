import { gzipSync } from "node:zlib";
import { build, type Metafile, type Plugin } from "esbuild";

/** What an entry point weighs for whoever bundles all that it exports. */
export interface Size {
  /** Minified and compressed. */
  readonly bytes: number;
  /** Packages by their share of the minified code, the largest first. */
  readonly shares: readonly (readonly [name: string, bytes: number])[];
}

/** tfjs is the user's own, but for single files of it that a package brings; compiled code is in no bundle. */
const outside = /^(@tensorflow\/[^/]+|sharp)$/;
const leaveOutside: Plugin = {
  name: "leave outside",
  setup({ onResolve }) {
    onResolve({ filter: outside }, ({ path }) => ({ path, external: true }));
  },
};

/** Bundles an entry point from its source. */
export async function sizeOf(file: string): Promise<Size> {
  const { outputFiles, metafile } = await build({
    entryPoints: [file],
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: "esm",
    target: "es2023",
    // Node's own modules stay outside. What is for browsers imports none, so it is bundled as for these.
    platform: "node",
    mainFields: ["module", "main"],
    conditions: ["@detrkit/source"],
    plugins: [leaveOutside],
    logLevel: "silent",
  });
  return { bytes: gzipSync(outputFiles[0]?.contents ?? "", { level: 9 }).byteLength, shares: sharesOf(metafile) };
}

function sharesOf({ outputs }: Metafile): Size["shares"] {
  const shares = new Map<string, number>();
  for (const { inputs } of Object.values(outputs)) {
    for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
      const name =
        /.*node_modules\/((?:@[^/]+\/)?[^/]+)/u.exec(path)?.[1] ?? /packages\/[^/]+/u.exec(path)?.[0] ?? path;
      shares.set(name, (shares.get(name) ?? 0) + bytesInOutput);
    }
  }
  return [...shares].toSorted(([, a], [, b]) => b - a);
}
