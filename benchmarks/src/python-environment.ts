import { existsSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { runStep } from "../../tools/bootstrap/child-process.mjs";
import { withLock } from "../../tools/bootstrap/lock.mjs";

/** What stands in the way of measuring, with what to do about it; shown without a stack trace, exit code 2. */
export class SetupProblem extends Error {}

// PyTorch goes first: what is installed after it then finds it there and brings no other build of it along.
const steps: readonly (readonly string[])[] = [
  ["torch==2.13.0"],
  ["numpy==2.4.6", "scipy==1.17.1", "pillow==13.0.0", "pycocotools==2.0.11", "transformers==5.23.0"],
  ["onnx==1.23.2", "onnxruntime==1.31.1", "onnxscript==0.7.2"],
];
/** What the serving peer needs besides. */
const servingPackages = ["fastapi==0.165.0", "uvicorn==0.54.0", "python-multipart==0.0.34"];
const stamp = "detrkit-complete";
const lastShown = 6;

/**
 * The Python of the peers' own environment, made on first use. It is rebuilt when the versions above change, and counts
 * as made only when a stamp, written last, says so.
 *
 * @returns path of its interpreter
 * @throws SetupProblem when Python or pip is missing, or a package can't be installed
 */
export async function pythonEnvironment(cache: string, say: (line: string) => void): Promise<string> {
  const system = await systemPython();
  const { folder, python } = environmentOf(cache, system.version);
  const ready = (): boolean => isReady(folder, python);
  if (ready()) return python;
  await withLock(
    `${folder}.lock`,
    async () => {
      if (ready()) return;
      removeOlder(folder);
      say(`making the Python environment of the peers in ${folder} (once, about 1 GB, some minutes)`);
      await succeed(
        system.program,
        ["-m", "venv", folder],
        `Python ${system.version} could not make a virtual environment; install its venv and pip ` +
          "(on Debian: python3-venv)",
      );
      for (const packages of steps) {
        say(`pip install ${packages.join(" ")}`);
        await pipInstall(python, packages);
      }
      writeFileSync(join(folder, stamp), `${steps.flat().join("\n")}\n`);
      say("the Python environment is ready");
    },
    (owner: string) => say(`waiting for ${owner}, which is making the Python environment`),
  );
  return python;
}

/** The same where it was made before; undefined where it was not. */
export async function existingPythonEnvironment(cache: string): Promise<string | undefined> {
  const system = await systemPython().catch(() => undefined);
  if (system === undefined) return undefined;
  const { folder, python } = environmentOf(cache, system.version);
  return isReady(folder, python) ? python : undefined;
}

/**
 * The folder of the serving peer's packages (its `PYTHONPATH`), made on first use. They lie apart: the environment of
 * the other peers stays as it is.
 *
 * @param python - what {@link pythonEnvironment} gave
 * @throws SetupProblem when a package can't be installed
 */
export async function servingEnvironment(python: string, say: (line: string) => void): Promise<string> {
  const folder = servingFolder(python);
  await withLock(
    `${folder}.lock`,
    async () => {
      if (existsSync(folder)) return;
      say(`pip install ${servingPackages.join(" ")}`);
      const unfinished = `${folder}.new`;
      rmSync(unfinished, { recursive: true, force: true });
      await pipInstall(python, ["--target", unfinished, ...servingPackages]);
      renameSync(unfinished, folder);
    },
    (owner: string) => say(`waiting for ${owner}, which is installing the serving peer's packages`),
  );
  return folder;
}

/** Where {@link servingEnvironment} is, or would be. */
export function servingFolder(python: string): string {
  return join(dirname(dirname(python)), `serving-${versionsKey(servingPackages)}`);
}

function environmentOf(cache: string, version: string): { readonly folder: string; readonly python: string } {
  const folder = join(cache, "benchmarks", `python-${version}-${versionsKey(steps.flat())}`);
  return { folder, python: join(folder, process.platform === "win32" ? "Scripts/python.exe" : "bin/python") };
}

function isReady(folder: string, python: string): boolean {
  return existsSync(join(folder, stamp)) && existsSync(python);
}

async function systemPython(): Promise<{ readonly program: string; readonly version: string }> {
  for (const program of ["python3", "python"]) {
    const { code, output } = await runStep(program, ["-c", "import sys; print('%d.%d' % sys.version_info[:2])"]);
    if (code === 0 && output.trim().startsWith("3.")) return { program, version: output.trim() };
  }
  throw new SetupProblem(
    "benchmarks: there is no Python 3; install Python 3.11 or newer with pip and venv, the peers run in it",
  );
}

async function pipInstall(python: string, args: readonly string[]): Promise<void> {
  await succeed(
    python,
    ["-m", "pip", "install", "--disable-pip-version-check", "--no-input", ...args],
    `pip could not install ${args.join(" ")} (this needs the network once)`,
  );
}

async function succeed(program: string, args: readonly string[], problem: string): Promise<void> {
  const { code, output } = await runStep(program, args);
  if (code === 0) return;
  const reason = output
    .trimEnd()
    .split("\n")
    .slice(-lastShown)
    .filter((line) => line.trim() !== "")
    .join(" | ");
  throw new SetupProblem(`benchmarks: ${problem}: ${reason}`);
}

function versionsKey(requirements: readonly string[]): string {
  return requirements.map((requirement) => requirement.replace(/^(\w)[\w-]*==/, "$1")).join("-");
}

/** Environments of other versions, and one that was never finished: together they take gigabytes. */
function removeOlder(folder: string): void {
  const parent = dirname(folder);
  for (const name of readdirSync(parent)) {
    if (name.startsWith("python-") && !name.endsWith(".lock"))
      rmSync(join(parent, name), { recursive: true, force: true });
  }
}
