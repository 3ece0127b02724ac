import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { BackendError } from "@detrkit/common";
import { hasNvidiaGpu } from "../nvidia.ts";
import { checkAddon } from "./check-addon.ts";
import { compileAddons } from "./compile.ts";
import { exclusively } from "./exclusively.ts";
import { type NativeInstallation, nativeInstallation } from "./native-cache.ts";
import { nativeParts, type NativeParts } from "./native-parts.ts";
import { findTool, runTool } from "./run-tool.ts";
import { unpackWheel } from "./unpack-wheel.ts";

/** Told what is being done, a line at a time. */
export type Progress = (line: string) => void;

/**
 * Makes sure that the native backend for this machine is built, and returns its paths. What is there already is used as it
 * is (whoever finds that it does not load asks again with `replace`); what is built now is tried out first.
 *
 * Of several processes that come at the same time one builds and the others wait. Everything is made in a folder beside its
 * place and renamed when it is whole, so that an interrupted build leaves nothing that looks finished.
 *
 * @throws BackendError saying which step cannot be done here
 */
export async function buildNative(progress: Progress, options: { readonly replace?: boolean } = {}): Promise<NativeInstallation> {
  const gpu = hasNvidiaGpu();
  const parts = nativeParts(process.platform, process.arch, gpu);
  if ("missing" in parts) throw new BackendError(parts.missing);
  const installation = nativeInstallation(gpu ? "gpu" : "cpu");
  if (options.replace !== true && isBuilt(installation)) return installation;
  const lock = `${dirname(installation.addon)}.lock`;
  return exclusively(lock, () => progress("another process builds the native backend: waiting for it"), async () => {
    if (options.replace === true) {
      await rm(dirname(installation.addon), { recursive: true, force: true });
      await rm(installation.tensorflow, { recursive: true, force: true });
    }
    if (!isBuilt(installation)) await build(parts, installation, progress);
    return installation;
  });
}

function isBuilt(installation: NativeInstallation): boolean {
  return existsSync(installation.addon) && existsSync(installation.tensorflow);
}

async function build(parts: NativeParts, installation: NativeInstallation, progress: Progress): Promise<void> {
  const compiler = await findTool(["g++", "clang++", "c++"]);
  if (compiler === undefined) throw new BackendError("no C++ compiler found: install g++ (Debian: apt-get install g++)");
  if (!existsSync(installation.tensorflow)) {
    progress(`fetching TensorFlow's library (${parts.requirement}) with pip`);
    await intoPlace(installation.tensorflow, (folder) => fetchTensorflow(parts, folder, progress));
  }
  progress(`compiling the addon and detrkit's kernels with ${compiler} (a minute or two, once)`);
  await intoPlace(dirname(installation.addon), async (folder) => {
    const made = { ...installation, addon: join(folder, basename(installation.addon)), quiet: join(folder, basename(installation.quiet)) };
    await compileAddons(compiler, made);
    const problem = await checkAddon(made);
    if (problem !== undefined) throw new BackendError(`the native backend was built but does not run: ${problem}`);
  });
  progress("native backend ready");
}

async function fetchTensorflow(parts: NativeParts, folder: string, progress: Progress): Promise<void> {
  const python = await findTool(["python3", "python"], ["-m", "pip", "--version"]);
  if (python === undefined) throw new BackendError("no Python with pip found: install both (Debian: apt-get install python3-pip)");
  const downloads = join(folder, "download");
  await runTool(python, [
    "-m", "pip", "download", "--disable-pip-version-check", "--quiet", "--no-cache-dir", "--python-version", "3.11", "--platform", parts.platform,
    "--only-binary=:all:", ...(parts.withDependencies ? [] : ["--no-deps"]), "--dest", downloads, parts.requirement,
  ]);
  const wheels = (await readdir(downloads)).filter((name) => parts.wanted.test(name));
  for (const wheel of wheels) {
    progress(`unpacking ${wheel}`);
    await unpackWheel(join(downloads, wheel), folder);
  }
  await rm(downloads, { recursive: true });
}

/** Fills a new folder beside `target`, then gives it that name. */
async function intoPlace(target: string, fill: (folder: string) => Promise<void>): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  const folder = await mkdtemp(`${target}.building-`);
  try {
    await fill(folder);
    await rename(folder, target);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}
