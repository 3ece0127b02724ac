// Runs examples/*/main.ts, examples/short/*.ts and what docs/guides tells its reader to do, from source, each in a
// scratch folder: node tools/run-examples.ts [name]
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { runStep } from "./bootstrap/child-process.mjs";
import { guideSteps } from "./readmes/guide-steps.ts";

/** What is run one after the other in one folder. */
interface Example {
  readonly name: string;
  /** Files with their arguments. */
  readonly steps: readonly (readonly [file: string, ...rest: string[]])[];
}

const root = join(import.meta.dirname, "..");
const folder = join(root, "examples");
const pages = join(root, "docs", "guides");
const cli = join(root, "apps", "train", "src", "cli.ts");
const source = ["--conditions=@detrkit/source", "--disable-warning=ExperimentalWarning"];

/** What the short ones are given: a run and a picture, weights under the names of the authors' code. */
const given: Readonly<Record<string, readonly string[]>> = {
  "detect.ts": ["run", "photo.png"],
  "fine-tune.ts": ["weights.safetensors", "detr-small"],
};

const withMain = readdirSync(folder)
  .map((name) => join(folder, name, "main.ts"))
  .filter((file) => existsSync(file))
  .map((file): Example => ({ name: basename(dirname(file)), steps: [[file]] }));
const short = readdirSync(join(folder, "short"))
  .filter((name) => name.endsWith(".ts"))
  .map((name): Example => ({
    name: `short/${name}`,
    steps: [[join(folder, "short", name), ...(given[name] ?? [])]],
  }));

/** Programs of the guides are written among the short examples, where detrkit's packages are found. */
const written = join(folder, "short", ".cache");
function guides(): readonly Example[] {
  mkdirSync(written, { recursive: true });
  return readdirSync(pages)
    .filter((name) => name.endsWith(".md"))
    .map((name) => ({
      name: `guides/${name}`,
      steps: guideSteps(readFileSync(join(pages, name), "utf8")).map((step, index) => {
        if (step.kind === "command") return [cli, ...step.arguments] as const;
        const file = join(written, `guide-${basename(name, ".md")}-${index}.ts`);
        writeFileSync(file, step.code);
        return [file] as const;
      }),
    }));
}

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

/** Runs files one after the other; the output of the first that fails. */
async function runAll(steps: Example["steps"], cwd: string): Promise<string | undefined> {
  for (const [file, ...rest] of steps) {
    const { code, output } = await runStep(process.execPath, [...source, file, ...rest], { cwd });
    if (code !== 0) return `${[basename(file), ...rest].join(" ")}: exit code ${code}\n${output}`;
  }
  return undefined;
}

async function prepare(): Promise<string> {
  const cwd = mkdtempSync(join(tmpdir(), "detrkit-examples-"));
  const problem = await runAll([[cli, ...run], [join(folder, "short", "inputs", "make-inputs.ts")]], cwd);
  if (problem !== undefined) throw new Error(problem);
  const [picture = ""] = readdirSync(join(cwd, "run", "predictions"));
  cpSync(join(cwd, "run", "predictions", picture), join(cwd, "photo.png"));
  return cwd;
}

/** Detectors from outside, by the app alone: trained for an epoch, evaluated, and used on a picture. */
const shapes = "shapes:count=8,validation=2,size=64,classes=3";
const outside = readdirSync(join(folder, "own-detector"))
  .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
  .map((file): Example => {
    const own = ["--detector", `module:${join(folder, "own-detector", file)}`];
    const training = ["--data", shapes, "--epochs", "1", "--transforms.size", "64x64", "--output", "own"];
    return {
      name: `own-detector/${file}`,
      steps: [
        [cli, "train", ...own, ...training],
        [cli, "evaluate", ...own, "--checkpoint", "own", "--data", shapes],
        [cli, "predict", ...own, "--checkpoint", "own", "photo.png"],
      ],
    };
  });

const [only] = process.argv.slice(2);
const examples = [...withMain, ...outside, ...short, ...guides()].filter(
  ({ name }) => only === undefined || name.includes(only),
);
const inputs = await prepare();
let failed = 0;
for (const { name, steps } of examples) {
  const cwd = mkdtempSync(join(tmpdir(), "detrkit-example-"));
  cpSync(inputs, cwd, { recursive: true });
  const started = Date.now();
  const problem = await runAll(steps, cwd);
  rmSync(cwd, { recursive: true, force: true });
  if (problem !== undefined) failed += 1;
  process.stdout.write(`${name}: ${problem ?? "ok"} (${((Date.now() - started) / 1000).toFixed(1)} s)\n`);
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
rmSync(written, { recursive: true, force: true });
process.stdout.write(`examples: ${examples.length}, ${failed} failed\n`);
process.exitCode = failed === 0 && examples.length > 0 ? 0 : 1;
