// Runs examples/*/main.ts, examples/short/*.ts and the code of docs/guides from source, each in a scratch folder: node
// tools/run-examples.ts
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, relative } from "node:path";
import { runStep } from "./bootstrap/child-process.mjs";
import { typescriptBlocks } from "./readmes/extract-example.ts";

const root = join(import.meta.dirname, "..");
const folder = join(root, "examples");
const source = ["--conditions=@detrkit/source", "--disable-warning=ExperimentalWarning"];
const withMain = readdirSync(folder)
  .map((name) => join(folder, name, "main.ts"))
  .filter((file) => existsSync(file));
const short = readdirSync(join(folder, "short"))
  .filter((name) => name.endsWith(".ts"))
  .map((name) => join(folder, "short", name));

/**
 * The blocks of each guide, one after the other, as a program among the short examples, where detrkit's packages are
 * found.
 */
const guides = join(folder, "short", ".cache");
function writeGuides(): readonly string[] {
  mkdirSync(guides, { recursive: true });
  return readdirSync(join(root, "docs", "guides"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => {
      const file = join(guides, `guide-${name.replace(/md$/, "ts")}`);
      writeFileSync(file, typescriptBlocks(readFileSync(join(root, "docs", "guides", name), "utf8")).join("\n"));
      return file;
    });
}

/** What the short ones are given: a run and a picture, weights under the names of the authors' code. */
const given: Readonly<Record<string, readonly string[]>> = {
  "detect.ts": ["run", "photo.png"],
  "fine-tune.ts": ["weights.safetensors", "detr-small"],
};

/** A run of one epoch, of a model too small to find anything. */
const run = [
  "train",
  "--data",
  "shapes:count=8,validation=2,size=64,classes=3",
  "--transforms.size",
  "64x64",
  "--epochs",
  "1",
  "--transformer.dim",
  "32",
  "--backbone.width",
  "8",
  "--evaluation.pictures",
  "1",
  "--output",
  "run",
];

async function prepare(): Promise<string> {
  const cwd = mkdtempSync(join(tmpdir(), "detrkit-examples-"));
  for (const step of [
    [join(root, "apps", "train", "src", "cli.ts"), ...run],
    [join(folder, "short", "inputs", "make-inputs.ts")],
  ]) {
    const { code, output } = await runStep(process.execPath, [...source, ...step], { cwd });
    if (code !== 0) throw new Error(`${step[0]}: exit code ${code}\n${output}`);
  }
  const [picture = ""] = readdirSync(join(cwd, "run", "predictions"));
  cpSync(join(cwd, "run", "predictions", picture), join(cwd, "photo.png"));
  return cwd;
}

/** A detector from outside, by the app alone: trained for an epoch, evaluated, and used on a picture. */
const ownDetector = ["--detector", `module:${join(folder, "own-detector", "conditional-detr.ts")}`];
const shapes = "shapes:count=8,validation=2,size=64,classes=3";
const commands: readonly (readonly string[])[] = [
  ["train", ...ownDetector, "--data", shapes, "--epochs", "1", "--transforms.size", "64x64", "--output", "own"],
  ["evaluate", ...ownDetector, "--checkpoint", "own", "--data", shapes],
  ["predict", ...ownDetector, "--checkpoint", "own", "photo.png"],
];

const inputs = await prepare();
const programs = [...withMain, ...short, ...writeGuides()];
let failed = 0;
for (const file of programs) {
  const name = relative(folder, basename(file) === "main.ts" ? join(file, "..") : file);
  const cwd = mkdtempSync(join(tmpdir(), "detrkit-example-"));
  cpSync(inputs, cwd, { recursive: true });
  const started = Date.now();
  const { code, output } = await runStep(process.execPath, [...source, file, ...(given[basename(file)] ?? [])], {
    cwd,
  });
  rmSync(cwd, { recursive: true, force: true });
  if (code !== 0) failed += 1;
  process.stdout.write(
    `examples/${name}: ${code === 0 ? "ok" : `exit code ${code}\n${output}`} (${((Date.now() - started) / 1000).toFixed(1)} s)\n`,
  );
}
for (const command of commands) {
  const app = join(root, "apps", "train", "src", "cli.ts");
  const { code, output } = await runStep(process.execPath, [...source, app, ...command], { cwd: inputs });
  if (code !== 0) failed += 1;
  process.stdout.write(`examples/own-detector ${command[0]}: ${code === 0 ? "ok" : `exit code ${code}\n${output}`}\n`);
}
const types = await runStep(
  process.execPath,
  [join(root, "node_modules", "typescript", "bin", "tsc"), "-p", join(folder, "short")],
  { cwd: root },
);
if (types.code !== 0) {
  failed += 1;
  process.stdout.write(`examples/short and guides do not type-check:\n${types.output}`);
}
rmSync(inputs, { recursive: true, force: true });
rmSync(guides, { recursive: true, force: true });
process.stdout.write(`examples: ${programs.length + commands.length} programs, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
