// Runs examples/*/main.ts and examples/short/*.ts from source, each in a scratch folder: node tools/run-examples.ts
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { runStep } from "./bootstrap/child-process.mjs";

const root = join(import.meta.dirname, "..");
const folder = join(root, "examples");
const source = ["--conditions=@detrkit/source", "--disable-warning=ExperimentalWarning"];
const withMain = readdirSync(folder).map((name) => join(folder, name, "main.ts")).filter((file) => existsSync(file));
const short = readdirSync(join(folder, "short")).filter((name) => name.endsWith(".ts")).map((name) => join(folder, "short", name));

/** What the short ones are given: a run and a picture, weights under the names of the authors' code. */
const given: Readonly<Record<string, readonly string[]>> = {
  "detect.ts": ["run", "photo.png"],
  "fine-tune.ts": ["weights.safetensors", "detr-small"],
};

/** A run of one epoch, of a model too small to find anything. */
const run = [
  "train", "--data", "shapes:count=8,validation=2,size=64,classes=3", "--image-size", "64x64", "--epochs", "1", "--hidden-dim", "32",
  "--backbone-width", "8", "--sample-pictures", "1", "--output", "run",
];

async function prepare(): Promise<string> {
  const cwd = mkdtempSync(join(tmpdir(), "detrkit-examples-"));
  for (const step of [[join(root, "apps", "train", "src", "cli.ts"), ...run], [join(folder, "short", "inputs", "make-inputs.ts")]]) {
    const { code, output } = await runStep(process.execPath, [...source, ...step], { cwd });
    if (code !== 0) throw new Error(`${step[0]}: exit code ${code}\n${output}`);
  }
  const [picture = ""] = readdirSync(join(cwd, "run", "predictions"));
  cpSync(join(cwd, "run", "predictions", picture), join(cwd, "photo.png"));
  return cwd;
}

const inputs = await prepare();
let failed = 0;
for (const file of [...withMain, ...short]) {
  const name = basename(file) === "main.ts" ? basename(join(file, "..")) : `short/${basename(file)}`;
  const cwd = mkdtempSync(join(tmpdir(), "detrkit-example-"));
  cpSync(inputs, cwd, { recursive: true });
  const started = Date.now();
  const { code, output } = await runStep(process.execPath, [...source, file, ...(given[basename(file)] ?? [])], { cwd });
  rmSync(cwd, { recursive: true, force: true });
  if (code !== 0) failed += 1;
  process.stdout.write(`examples/${name}: ${code === 0 ? "ok" : `exit code ${code}\n${output}`} (${((Date.now() - started) / 1000).toFixed(1)} s)\n`);
}
rmSync(inputs, { recursive: true, force: true });
process.stdout.write(`examples: ${withMain.length + short.length - failed} ran, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
