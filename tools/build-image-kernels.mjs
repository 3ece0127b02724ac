// Compiles packages/image/kernels/image-kernels.ts (AssemblyScript) into packages/image/src/image-kernels-wasm.ts. Needed only after changing the
// kernels; the compiler is fetched into a scratch folder, so that nobody else has to install it. `--check` only compares.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const compiler = "assemblyscript@0.28.20";
const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const source = join(root, "packages/image/kernels/image-kernels.ts");
const target = join(root, "packages/image/src/image-kernels-wasm.ts");
const scratch = process.env.DETRKIT_ASSEMBLYSCRIPT ?? join(homedir(), ".cache", "detrkit", compiler);

const check = process.argv.includes("--check");
const hash = createHash("sha256").update(compiler).update(readFileSync(source)).digest("hex").slice(0, 16);
if (check) {
  if (!readFileSync(target, "utf8").includes(hash)) {
    process.stderr.write("packages/image/src/image-kernels-wasm.ts is out of date. Run: node tools/build-image-kernels.mjs\n");
    process.exit(1);
  }
  process.exit(0);
}

mkdirSync(scratch, { recursive: true });
const binary = join(scratch, "image-kernels.wasm");
execFileSync("npm", ["install", "--no-save", "--prefix", scratch, compiler], { stdio: ["ignore", "ignore", "inherit"] });
execFileSync(
  process.execPath,
  [join(scratch, "node_modules/assemblyscript/bin/asc.js"), source, "-O3", "--noAssert", "--enable", "simd", "--runtime", "stub", "--outFile", binary],
  { stdio: ["ignore", "ignore", "inherit"] },
);
const bytes = readFileSync(binary);
const lines = bytes.toString("base64").match(/.{1,120}/gu) ?? [];
writeFileSync(
  target,
  `// Made by tools/build-image-kernels.mjs from kernels/image-kernels.ts (${hash}); don't edit.\n\n` +
    `/** The compiled kernels: ${bytes.length} bytes of WebAssembly in base64. */\n` +
    `export const imageKernelsWasm: string = [\n${lines.map((line) => `  "${line}",\n`).join("")}].join("");\n`,
);
