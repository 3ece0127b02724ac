import { mkdtemp, readdir, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { kernelFlags, nativeSourceFolder, nodeHeadersFolder, tfjsNodeFolder } from "./native-parts.ts";
import type { NativeInstallation } from "./native-cache.ts";
import { runTool } from "./run-tool.ts";

const quietSource = "stderr.cc";

/** Compiles both addons, as many files at once as there are cores. */
export async function compileAddons(compiler: string, installation: NativeInstallation): Promise<void> {
  const sources = nativeSourceFolder();
  const objects = await mkdtemp(join(tmpdir(), "detrkit-objects-"));
  try {
    await compileInto(objects, compiler, sources, installation);
  } finally {
    await rm(objects, { recursive: true, force: true });
  }
}

async function compileInto(objects: string, compiler: string, sources: string, installation: NativeInstallation): Promise<void> {
  const include = [nodeHeadersFolder(), join(installation.tensorflow, "tensorflow", "include"), join(tfjsNodeFolder(), "binding")];
  // Eigen's templates would otherwise be seen by libtensorflow, which has its own, compiled otherwise: everything stays hidden.
  const flags = ["-std=c++17", "-fPIC", "-fvisibility=hidden", "-fvisibility-inlines-hidden", "-DNAPI_VERSION=8", "-DEIGEN_MPL2_ONLY", ...include.map((path) => `-I${path}`)];
  const files = (await readdir(sources)).filter((name) => name.endsWith(".cc") && name !== quietSource);
  const compile = (file: string): Promise<string> => {
    // Only the kernels gain from the optimiser; the bindings are glue.
    const speed = file === "addon.cc" ? ["-O1"] : kernelFlags;
    return runTool(compiler, [...flags, ...speed, "-c", join(sources, file), "-o", join(objects, `${file}.o`)]);
  };
  // Longest first, so that no core waits for one late long file.
  const order = files.toSorted((a, b) => cost(b) - cost(a));
  await inParallel(availableParallelism(), order.map((file) => () => compile(file)));
  const stubs = await linkStubs(compiler, objects, installation);
  await runTool(compiler, [
    "-shared", ...files.map((file) => join(objects, `${file}.o`)), ...stubs, "-pthread",
    `-Wl,-rpath,${join(installation.tensorflow, "tensorflow")}`, "-Wl,--unresolved-symbols=ignore-all",
    "-o", installation.addon,
  ]);
  await runTool(compiler, [...flags, "-O1", "-shared", join(sources, quietSource), "-o", installation.quiet]);
}

/** Eigen's matrix products take by far the longest, then the bindings. */
function cost(file: string): number {
  return ["addon.cc", "matrix.cc"].indexOf(file);
}

/**
 * Empty libraries of TensorFlow's names to link with. The linker would otherwise read the 435,000 symbols of the real one,
 * which takes longer than all compiling; the loader finds the real ones by the run path, and loading checks every symbol.
 */
async function linkStubs(compiler: string, objects: string, installation: NativeInstallation): Promise<string[]> {
  const libraries = (await readdir(join(installation.tensorflow, "tensorflow"))).filter((name) => name.startsWith("libtensorflow_"));
  const stubs = libraries.map((name) => join(objects, name));
  await Promise.all(stubs.map((path) => runTool(compiler, ["-shared", `-Wl,-soname,${basename(path)}`, "-o", path])));
  return ["-Wl,--no-as-needed", ...stubs];
}

async function inParallel(workers: number, tasks: readonly (() => Promise<unknown>)[]): Promise<void> {
  const waiting = [...tasks];
  const work = async (): Promise<void> => {
    for (let task = waiting.shift(); task !== undefined; task = waiting.shift()) await task();
  };
  await Promise.all(Array.from({ length: workers }, work));
}
