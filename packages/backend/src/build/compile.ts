import { mkdir, readdir, rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { basename, dirname, join } from "node:path";
import { kernelFlags, nativeSourceFolder, nodeHeadersFolder, tfjsNodeFolder } from "./native-parts.ts";
import type { NativeInstallation } from "./native-cache.ts";
import { runTool } from "./run-tool.ts";

const quietSource = "stderr.cc";

/** Compiles both addons, as many files at once as there are cores. Objects lie in a folder beside them until all is linked. */
export async function compileAddons(compiler: string, installation: NativeInstallation, signal: AbortSignal): Promise<void> {
  const objects = join(dirname(installation.addon), "objects");
  await mkdir(objects);
  await compileInto(objects, { compiler, installation, signal });
  await rm(objects, { recursive: true });
}

interface Compilation {
  readonly compiler: string;
  readonly installation: NativeInstallation;
  readonly signal: AbortSignal;
}

async function compileInto(objects: string, compilation: Compilation): Promise<void> {
  const { compiler, installation, signal } = compilation;
  const sources = nativeSourceFolder();
  const include = [nodeHeadersFolder(), join(installation.tensorflow, "tensorflow", "include"), join(tfjsNodeFolder(), "binding")];
  // Eigen's templates would otherwise be seen by libtensorflow, which has its own, compiled otherwise: everything stays hidden.
  const flags = ["-std=c++17", "-fPIC", "-fvisibility=hidden", "-fvisibility-inlines-hidden", "-DNAPI_VERSION=8", "-DEIGEN_MPL2_ONLY", ...include.map((path) => `-I${path}`)];
  const files = (await readdir(sources)).filter((name) => name.endsWith(".cc") && name !== quietSource);
  const compile = (file: string, stop: AbortSignal): Promise<string> => {
    // Only the kernels gain from the optimiser; the bindings are glue.
    const speed = file === "addon.cc" ? ["-O1"] : kernelFlags;
    return runTool(compiler, [...flags, ...speed, "-c", join(sources, file), "-o", join(objects, `${file}.o`)], stop);
  };
  // Longest first, so that no core waits for one late long file.
  const order = files.toSorted((a, b) => cost(b) - cost(a));
  await inParallel(availableParallelism(), order.map((file) => (stop) => compile(file, stop)), signal);
  const stubs = await linkStubs(objects, compilation);
  await runTool(compiler, [
    "-shared", ...files.map((file) => join(objects, `${file}.o`)), ...stubs, "-pthread",
    // Node closes an addon with the last JavaScript thread that loaded it; TensorFlow goes on knowing its kernels, and its threads run.
    "-Wl,-z,nodelete",
    `-Wl,-rpath,${join(installation.tensorflow, "tensorflow")}`, "-Wl,--unresolved-symbols=ignore-all",
    "-o", installation.addon,
  ], signal);
  await runTool(compiler, [...flags, "-O1", "-shared", join(sources, quietSource), "-o", installation.quiet], signal);
}

/** Eigen's matrix products take by far the longest, then the bindings. */
function cost(file: string): number {
  return ["addon.cc", "matrix.cc"].indexOf(file);
}

/**
 * Empty libraries of TensorFlow's names to link with. The linker would otherwise read the 435,000 symbols of the real one,
 * which takes longer than all compiling; the loader finds the real ones by the run path, and loading checks every symbol.
 */
async function linkStubs(objects: string, { compiler, installation, signal }: Compilation): Promise<string[]> {
  const libraries = (await readdir(join(installation.tensorflow, "tensorflow"))).filter((name) => name.startsWith("libtensorflow_"));
  const stubs = libraries.map((name) => join(objects, name));
  await Promise.all(stubs.map((path) => runTool(compiler, ["-shared", `-Wl,-soname,${basename(path)}`, "-o", path], signal)));
  return ["-Wl,--no-as-needed", ...stubs];
}

/** Runs tasks, `workers` at a time. When one fails the others are stopped, and waited for. */
async function inParallel(workers: number, tasks: readonly ((stop: AbortSignal) => Promise<unknown>)[], signal: AbortSignal): Promise<void> {
  const failed = new AbortController();
  const stop = AbortSignal.any([signal, failed.signal]);
  const errors: unknown[] = [];
  const waiting = [...tasks];
  const work = async (): Promise<void> => {
    try {
      for (let task = waiting.shift(); task !== undefined && !stop.aborted; task = waiting.shift()) await task(stop);
    } catch (error) {
      errors.push(error);
      failed.abort();
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
  signal.throwIfAborted();
  if (errors.length > 0) throw errors[0];
}
