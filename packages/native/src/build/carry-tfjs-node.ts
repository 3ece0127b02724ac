// Part of `npm run build`: copies what the native backend needs of @tensorflow/tfjs-node-gpu into this package, so that
// a plain install has it, whatever becomes of that package's own install script.
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { carriedTfjsNode, installedTfjsNode } from "./native-parts.ts";

const from = installedTfjsNode();
const to = carriedTfjsNode();
/** The two that the backend loads; the rest follows from what they require. */
const entries = ["dist/nodejs_kernel_backend.js", "dist/register_all_kernels.js"];

/** The files of the package that a file requires, and those that they require. */
async function withRequired(files: readonly string[]): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  const waiting = [...files];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (found.has(file)) continue;
    found.add(file);
    const code = await readFile(join(from, file), "utf8");
    for (const [, required = ""] of code.matchAll(/\brequire\(["'](\.[^"']*)["']\)/g))
      waiting.push(relative(from, join(from, dirname(file), `${required.replace(/\.js$/, "")}.js`)));
  }
  return found;
}

await rm(to, { recursive: true, force: true });
for (const file of await withRequired(entries)) {
  await mkdir(dirname(join(to, file)), { recursive: true });
  const code = await readFile(join(from, file), "utf8");
  // All that is used of @tensorflow/tfjs is tfjs-core, which every project has: the rest is 200 MB.
  await writeFile(join(to, file), code.replaceAll('require("@tensorflow/tfjs")', 'require("@tensorflow/tfjs-core")'));
}
await cp(join(from, "binding"), join(to, "binding"), { recursive: true });
const { name, version, license } = JSON.parse(await readFile(join(from, "package.json"), "utf8")) as {
  readonly name: string;
  readonly version: string;
  readonly license: string;
};
const manifest = { name, version, license, private: true, type: "commonjs" };
await writeFile(join(to, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
