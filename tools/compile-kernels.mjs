// Compiles AssemblyScript to WebAssembly in a TypeScript file. The compiler is fetched into a scratch folder, so that
// nobody else has to install it.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const compiler = "assemblyscript@0.28.20";
const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/**
 * Compiles one module, or with `--check` on the command line only compares: the process ends with 1 where the target is
 * of other sources.
 *
 * @param {{
 *   tool: string,
 *   source: string,
 *   target: string,
 *   name: string,
 *   sources?: { readonly folder: string, readonly ending: string },
 *   functions?: string,
 *   flags?: readonly string[],
 * }} options
 *   - tool: the script to run again; source and target: paths from the repository's root; name: of the exported text;
 *   sources: the files that it depends on, every TypeScript file beside the source unless given; functions: name of the
 *   exported type of the functions' names, if one is wanted
 */
export function compileKernels({ tool, source, target, name, sources, functions, flags = [] }) {
  const { folder, ending } = sources ?? { folder: dirname(source), ending: ".ts" };
  const hash = createHash("sha256").update(compiler);
  for (const file of readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).toSorted())
    if (file.endsWith(ending)) hash.update(readFileSync(join(root, folder, file)));
  const digest = hash.digest("hex").slice(0, 16);
  if (process.argv.includes("--check")) {
    if (readFileSync(join(root, target), "utf8").includes(digest)) return;
    process.stderr.write(`${target} is out of date. Run: node tools/${tool}\n`);
    process.exit(1);
  }
  const scratch = process.env.DETRKIT_ASSEMBLYSCRIPT ?? join(homedir(), ".cache", "detrkit", compiler);
  mkdirSync(scratch, { recursive: true });
  const binary = join(scratch, `${name}.wasm`);
  const quiet = { stdio: ["ignore", "ignore", "inherit"] };
  execFileSync("npm", ["install", "--no-save", "--prefix", scratch, compiler], quiet);
  const asc = join(scratch, "node_modules/assemblyscript/bin/asc.js");
  execFileSync(
    process.execPath,
    [
      asc,
      join(root, source),
      "-O3",
      "--noAssert",
      "--enable",
      "simd",
      "--runtime",
      "stub",
      ...flags,
      "--outFile",
      binary,
    ],
    quiet,
  );
  const bytes = readFileSync(binary);
  const lines = bytes.toString("base64").match(/.{1,120}/gu) ?? [];
  writeFileSync(
    join(root, target),
    `// Made by tools/${tool} from ${basename(dirname(source))}/${basename(source)} (${digest}); don't edit.\n\n` +
      (functions === undefined ? "" : functionNames(functions, bytes)) +
      `/** The compiled kernels: ${bytes.length} bytes of WebAssembly in base64. */\n` +
      `export const ${name}: string = [\n${lines.map((line) => `  "${line}",\n`).join("")}].join("");\n`,
  );
}

/** The names of a module's functions as a type. */
function functionNames(name, bytes) {
  const exported = WebAssembly.Module.exports(new WebAssembly.Module(bytes)).filter(({ kind }) => kind === "function");
  const names = exported.map((each) => `  | "${each.name}"`).toSorted();
  return `/** What the compiled kernels can be asked to do. */\nexport type ${name} =\n${names.join("\n")};\n\n`;
}
